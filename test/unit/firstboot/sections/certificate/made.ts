/** Certificates made by openssl(1), once a file of tests. EC keys: RSA takes long to make. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Made {
  certificate: string;
  key: string;
}

interface Options {
  by?: Made;
  ca?: boolean;
  names?: string;
  /** As `req -newkey` takes it. */
  key?: readonly string[];
  digest?: string;
  days?: number;
  usage?: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export class Maker {
  readonly folder = mkdtempSync(join(tmpdir(), 'unit-made-'));
  #count = 0;

  openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }

  certificate(name: string, { by, ca = false, names, key = EC, digest = 'sha256', days = 90, usage }: Options = {}): Made {
    this.#count += 1;
    const at = (kind: string): string => `${this.#count}.${kind}`;
    const extensions = [
      `basicConstraints = critical, CA:${ca ? 'TRUE' : 'FALSE'}`,
      ...(names === undefined ? [] : [`subjectAltName = ${names}`]),
      ...(usage === undefined ? [] : [`extendedKeyUsage = ${usage}`]),
    ];
    writeFileSync(join(this.folder, at('cnf')), `[req]\ndistinguished_name = name\n[name]\n[own]\n${extensions.join('\n')}\n`);
    const request = ['req', '-config', at('cnf'), ...key, '-nodes', '-keyout', at('key'), '-subj', `/CN=${name}`, `-${digest}`];
    const life = ['-days', String(days), '-set_serial', String(this.#count + 1000)];
    if (by === undefined) this.openssl(...request, '-x509', '-extensions', 'own', ...life, '-out', at('pem'));
    else {
      writeFileSync(join(this.folder, at('ca')), by.certificate + by.key);
      this.openssl(...request, '-new', '-out', at('csr'));
      const signing = ['-CA', at('ca'), '-CAkey', at('ca'), `-${digest}`, '-extfile', at('cnf'), '-extensions', 'own'];
      this.openssl('x509', '-req', '-in', at('csr'), ...signing, ...life, '-out', at('pem'));
    }
    return { certificate: this.read(at('pem')), key: this.read(at('key')) };
  }

  /** The key encrypted: `pkcs8` as RFC 5958 has it, `traditional` with headers in its text. */
  encrypted(key: string, passphrase: string, form: 'pkcs8' | 'traditional'): string {
    writeFileSync(join(this.folder, 'plain.key'), key);
    const traditional = form === 'traditional' ? ['-traditional'] : [];
    this.openssl('pkey', '-in', 'plain.key', '-aes256', ...traditional, '-passout', `pass:${passphrase}`, '-out', 'encrypted.key');
    return this.read('encrypted.key');
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}
