import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import forge from 'node-forge';

const DAY_MS = 86_400_000;
const IP_ADDRESS = 7;

/** Files of a certificate and its key, PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test, in a folder. */
export class CertificateAuthority {
  /** File of its certificate. */
  readonly file: string;
  readonly #folder: string;
  readonly #key = newKey();
  readonly #name: forge.pki.CertificateField[];
  #count = 0;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.file = join(folder, `${name}.crt`);
    this.#name = [{ name: 'commonName', value: name }];
  }

  static async create(folder: string, name: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(folder, name);
    const extensions = [{ name: 'basicConstraints', cA: true, critical: true }];
    await writeFile(authority.file, authority.#sign(authority.#name, authority.#key.publicKey, extensions));
    return authority;
  }

  /** Writes a certificate for 127.0.0.1 and its key. */
  async issue(name: string): Promise<CertificateFiles> {
    const { privateKey, publicKey } = newKey();
    const extensions = [{ name: 'subjectAltName', altNames: [{ type: IP_ADDRESS, ip: '127.0.0.1' }] }];
    const files = { cert: join(this.#folder, `${name}.crt`), key: join(this.#folder, `${name}.key`) };
    await writeFile(files.cert, this.#sign([{ name: 'commonName', value: name }], publicKey, extensions));
    await writeFile(files.key, privateKey);
    return files;
  }

  #sign(subject: forge.pki.CertificateField[], publicKey: string, extensions: object[]): string {
    const certificate = forge.pki.createCertificate();
    certificate.serialNumber = `0${++this.#count}`;
    certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
    certificate.validity.notAfter = new Date(Date.now() + DAY_MS);
    certificate.setSubject(subject);
    certificate.setIssuer(this.#name);
    certificate.setExtensions(extensions);
    certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
    certificate.sign(forge.pki.privateKeyFromPem(this.#key.privateKey), forge.md.sha256.create());
    return forge.pki.certificateToPem(certificate);
  }
}

function newKey(): { readonly publicKey: string; readonly privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
