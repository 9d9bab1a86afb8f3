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

  /** One of its own key that is not new: openssl-req(1) dates only from now. Days. */
  aged(name: string, { ago, left }: { ago: number; left: number }): Made {
    const young = this.certificate(name);
    const folder = mkdtempSync(join(this.folder, 'aged-'));
    const at = (file: string, text = ''): string => {
      writeFileSync(join(folder, file), text);
      return join(folder, file);
    };
    const authority = ['[ca]', 'default_ca = own', '[own]', `new_certs_dir = ${folder}`, `database = ${at('index.txt')}`, 'policy = any'];
    const rest = [
      'default_md = sha256',
      'rand_serial = yes',
      'x509_extensions = extensions',
      '[any]',
      'commonName = supplied',
      '[extensions]',
    ];
    const config = at('cnf', [...authority, ...rest, `subjectAltName = DNS:${name}`, '[req]', 'distinguished_name = any', ''].join('\n'));
    const [key, request, made] = [at('key', young.key), join(folder, 'csr'), join(folder, 'pem')];
    this.openssl('req', '-new', '-config', config, '-key', key, '-subj', `/CN=${name}`, '-out', request);
    const day = (days: number): string => `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
    const life = ['-startdate', day(-ago), '-enddate', day(left)];
    this.openssl('ca', '-batch', '-notext', '-selfsign', '-config', config, '-keyfile', key, '-in', request, ...life, '-out', made);
    return { certificate: readFileSync(made, 'utf8'), key: young.key };
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
