import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const folder = join(import.meta.dirname, '../../deploy/kubernetes');

const envSchema = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});

const probeSchema = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }).optional(),
  tcpSocket: z.object({ port: z.string() }).optional(),
});

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  env: z.array(envSchema).default([]),
  envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
  startupProbe: probeSchema,
  livenessProbe: probeSchema,
  readinessProbe: probeSchema,
  lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.int() }) }) }).optional(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
  resources: z.object({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }),
  securityContext: z.unknown(),
});

/** What the tests look at in a Deployment or StatefulSet. */
const workloadSchema = z.object({
  kind: z.enum(['Deployment', 'StatefulSet']),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        automountServiceAccountToken: z.boolean(),
        enableServiceLinks: z.boolean(),
        terminationGracePeriodSeconds: z.int(),
        securityContext: z.unknown(),
        containers: z.tuple([containerSchema]),
        volumes: z.array(
          z.object({
            name: z.string(),
            configMap: z.object({ name: z.string() }).optional(),
            secret: z.object({ secretName: z.string() }).optional(),
            persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
          }),
        ),
      }),
    }),
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});

export type Workload = z.infer<typeof workloadSchema>;

/** One object of the manifests. */
export interface Manifest {
  /** Path below deploy/kubernetes. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly object: Record<string, unknown>;
}

const headSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string() }).default({ name: '' }),
});

/** Every object of every file, as it is written. @throws Error for YAML with a mistake or a key that comes twice */
export function readManifests(): Manifest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8'), { version: '1.1' }).map((document) => {
      const [problem] = [...document.errors, ...document.warnings];
      if (problem) throw new Error(`${file}: ${problem.message}`);
      const object = document.toJS() as Record<string, unknown>;
      const { apiVersion, kind, metadata } = headSchema.parse(object);
      return { file, apiVersion, kind, name: metadata.name, object };
    }),
  );
}

/** The one object of a kind and name. */
export function findManifest(kind: string, name: string): Record<string, unknown> {
  const [found, ...others] = readManifests().filter((one) => one.kind === kind && one.name === name);
  if (!found || others.length > 0) throw new Error(`there is not one ${kind} ${name}`);
  return found.object;
}

/** The Deployments and StatefulSets. */
export function readWorkloads(): Workload[] {
  return readManifests()
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ object }) => workloadSchema.parse(object));
}

/** The data of a ConfigMap. */
export function configMapData(name: string): Record<string, string> {
  return z.object({ data: z.record(z.string(), z.string()) }).parse(findManifest('ConfigMap', name)).data;
}

/** Files and folders that a kustomization names, as paths below deploy/kubernetes. */
export function resolveResource(file: string, resource: string): string {
  return join(dirname(file), resource);
}
