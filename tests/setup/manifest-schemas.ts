import { ScaledObject, TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import type { Manifest } from './manifests.js';

const KINDS = [
  ConfigMap,
  Deployment,
  NetworkPolicy,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  ScaledObject,
  Service,
  StatefulSet,
  TriggerAuthentication,
];

/**
 * What the schema of Kubernetes, or of KEDA, finds wrong with an object. The schemas allow properties that they do not
 * know, where a server would refuse or drop them; but a validator reads each property that it knows, so those that it
 * never reads are unknown.
 */
export function findProblems({ apiVersion, kind, object }: Manifest): string[] {
  const model = KINDS.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (!model) return [`there is no schema of ${apiVersion} ${kind}`];
  const read = new Set<string>();
  const watched = watch(object, '', read);
  try {
    model.prototype.validate.call(watched);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return pathsOf(object, '').filter((path) => !read.has(path));
}

function watch(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return inner;
      read.add(`${path}/${key}`);
      return watch(inner, `${path}/${key}`, read);
    },
  });
}

function pathsOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${path}/${key}`, ...pathsOf(inner, `${path}/${key}`)]);
}
