/** Who writes the models; the version is that of this package. */
export const PRODUCER = { name: 'caissa', version: '0.1.0' } as const;
