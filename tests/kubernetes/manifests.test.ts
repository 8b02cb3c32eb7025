import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findProblems } from '../setup/manifest-schemas.js';
import { type Manifest, readManifests, readWorkloads, resolveResource } from '../setup/manifests.js';

const manifests = readManifests();
const kustomizations = manifests.filter(({ apiVersion }) => apiVersion.startsWith('kustomize.config.k8s.io/'));
const objects = manifests.filter((one) => !kustomizations.includes(one));
const named = (kind: string) => objects.filter((one) => one.kind === kind).map(({ name }) => name);
const title = ({ file, kind, name }: Manifest) => [`${file}: ${kind} ${name}`.trim()] as const;
const each = (list: readonly Manifest[]) => list.map((one) => [...title(one), one] as const);

const kustomizationSchema = z.strictObject({
  apiVersion: z.enum(['kustomize.config.k8s.io/v1beta1', 'kustomize.config.k8s.io/v1alpha1']),
  kind: z.enum(['Kustomization', 'Component']),
  labels: z.array(z.strictObject({ pairs: z.record(z.string(), z.string()) })).optional(),
  resources: z.array(z.string()),
  components: z.array(z.string()).default([]),
  images: z.array(z.strictObject({ name: z.string(), newTag: z.string() })).default([]),
  patches: z
    .array(z.strictObject({ target: z.strictObject({ kind: z.string(), name: z.string() }), patch: z.string() }))
    .optional(),
});

describe('each object', () => {
  it.each(each(objects))('%s is one of Kubernetes or KEDA', (_, manifest) => {
    expect(findProblems(manifest)).toEqual([]);
  });

  it('comes once, and belongs to no namespace', () => {
    const ids = objects.map(({ kind, name }) => `${kind} ${name}`);
    expect([...new Set(ids)]).toEqual(ids);
    for (const { object } of objects) expect(object['metadata']).not.toHaveProperty('namespace');
  });

  it.each([
    ['a misspelt property', { replica: 2 }],
    ['a property of another type', { replicas: 'two' }],
    ['a missing one', { template: undefined }],
  ])('would be refused for %s', (_, change) => {
    const good = objects.find(({ kind }) => kind === 'Deployment');
    if (!good) throw new Error('there is no Deployment');
    const object = { ...good.object, spec: { ...(good.object['spec'] as object), ...change } };
    expect(findProblems({ ...good, object })).toHaveLength(1);
  });
});

describe('kustomizations', () => {
  const parsed = kustomizations.map(({ file, object }) => ({ file, ...kustomizationSchema.parse(object) }));

  it('name every file, and none that is missing', () => {
    const files = new Set(manifests.map(({ file }) => file));
    const folders = new Set(parsed.map(({ file }) => join(file, '..')));
    const used = parsed.flatMap(({ file, resources, components }) =>
      [...resources, ...components].map((resource) => resolveResource(file, resource)),
    );
    for (const path of used) expect(files.has(path) || folders.has(path), path).toBe(true);
    const unused = [...files].filter((file) => !file.endsWith('kustomization.yaml') && !used.includes(file));
    expect(unused).toEqual([]);
  });

  it('give the images the version of this project', () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')));
    const images = parsed.flatMap((one) => one.images);
    const ours = readWorkloads().map(({ spec }) => spec.template.spec.containers[0].image);
    expect(images).toEqual(['api', 'exporter', 'loader'].map((name) => ({ name: `caissa-${name}`, newTag: version })));
    expect(ours).toEqual(expect.arrayContaining(images.map(({ name }) => name)));
  });
});

describe('each workload', () => {
  const workloads = readWorkloads().map((one) => [one.metadata.name, one] as const);

  it.each(workloads)('%s runs without privileges', (_, { spec }) => {
    const pod = spec.template.spec;
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.enableServiceLinks).toBe(false);
    expect(pod.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it.each(workloads)('%s finds what it names', (_, { spec }) => {
    const [container] = spec.template.spec.containers;
    const { volumes } = spec.template.spec;
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    const configMaps = [
      ...container.envFrom.map(({ configMapRef }) => configMapRef.name),
      ...volumes.flatMap(({ configMap }) => configMap?.name ?? []),
    ];
    for (const name of configMaps) expect(named('ConfigMap')).toContain(name);
    for (const { persistentVolumeClaim } of volumes)
      if (persistentVolumeClaim) expect(named('PersistentVolumeClaim')).toContain(persistentVolumeClaim.claimName);
    const held = [...volumes, ...spec.volumeClaimTemplates.map(({ metadata }) => metadata)].map(({ name }) => name);
    expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(held.sort());
    const ports = container.ports.map(({ name }) => name);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
      const port = probe.httpGet?.port ?? probe.tcpSocket?.port;
      if (port !== undefined) expect(ports).toContain(port);
    }
    expect(Object.keys(container.resources.requests).sort()).toEqual(['cpu', 'memory']);
    expect(Object.keys(container.resources.limits)).toEqual(['memory']);
  });
});

describe('what selects pods', () => {
  const labels = readWorkloads().map(({ spec }) => spec.template.metadata.labels['app.kubernetes.io/name']);
  const ports = new Map(
    readWorkloads().map(({ metadata, spec }) => [
      metadata.name,
      spec.template.spec.containers[0].ports.map(({ name }) => name),
    ]),
  );
  const selectorOf = z.object({
    spec: z.object({
      selector: z.unknown().optional(),
      podSelector: z.unknown().optional(),
      scaleTargetRef: z.object({ name: z.string() }).optional(),
    }),
  });

  it.each(each(objects.filter(({ kind }) => /Service|PodDisruptionBudget|NetworkPolicy|ScaledObject/.test(kind))))(
    '%s finds some',
    (_, { name, object }) => {
      const { selector, podSelector, scaleTargetRef } = selectorOf.parse(object).spec;
      const text = JSON.stringify(scaleTargetRef?.name ?? selector ?? podSelector);
      expect(text).toContain(`"${name}"`);
      expect(labels).toContain(name);
    },
  );

  it.each(each(objects.filter(({ kind }) => kind === 'Service' || kind === 'NetworkPolicy')))(
    '%s names ports that they have',
    (_, { name, object }) => {
      const names = [...JSON.stringify(object).matchAll(/"(?:targetPort|port)":"([^"]+)"/g)].map(([, port]) => port);
      expect(names.length).toBeGreaterThan(0);
      for (const port of names) expect(ports.get(name)).toContain(port);
    },
  );
});
