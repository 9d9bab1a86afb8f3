import type { CheckFinding } from '../contract/helper.ts';
import { type DoctorCheck, ok, problem } from './check.ts';

export interface Listener {
  protocol: 'tcp' | 'udp';
  address: string;
  port: number;
  /** The program's name, where ss says it. */
  program: string;
}

/** Open to outside though no image declares it: log-in, and what DHCP clients listen for. */
const ALWAYS = ['tcp 22', 'udp 68', 'udp 546'];

/** What listens against what image.yaml declares (ss(8)). */
export const ports: DoctorCheck = {
  name: 'ports',
  title: { en: 'Ports', ja: 'ポート', ru: 'Порты' },

  async run({ system, unit, finalised }) {
    const { stdout } = await system.run('ss', ['--no-header', '--listening', '--numeric', '--tcp', '--udp', '--processes']);
    const outside = parseListeners(stdout).filter(({ address }) => !isLoopback(address));
    const heard = new Set(outside.map(({ protocol, port }) => `${protocol} ${port}`));
    const declared = unit.ports.map(({ protocol = 'tcp', port, purpose, from }) => ({ key: `${protocol} ${port}`, purpose, from }));
    // A service may well leave a port alone that is for addresses of the settings, while there are none.
    const silent = finalised ? declared.filter(({ key, from }) => from === undefined && !heard.has(key)) : [];
    const known = new Set([...declared.map(({ key }) => key), ...ALWAYS]);
    const others = outside.filter(({ protocol, port }) => !known.has(`${protocol} ${port}`));
    const findings: CheckFinding[] = [
      ...silent.map(({ key, purpose }) =>
        problem(
          'error',
          {
            en: `Nothing listens on ${key} (${purpose}).`,
            ja: `${key} (${purpose})で待ち受けているものがありません。`,
            ru: `Никто не слушает ${key} (${purpose}).`,
          },
          { en: 'unitctl services status', ja: 'unitctl services status', ru: 'unitctl services status' },
        ),
      ),
      ...unique(others.map(({ protocol, port, program }) => `${protocol} ${port}${program === '' ? '' : ` (${program})`}`)).map((what) =>
        problem(
          'info',
          {
            en: `${what} listens to outside and is not declared: the firewall keeps it shut.`,
            ja: `${what} は宣言されていない外部向けの待ち受けです。ファイアウォールで閉じられています。`,
            ru: `${what} слушает снаружи, но не объявлен: межсетевой экран его закрывает.`,
          },
          {
            en: 'Bind it to 127.0.0.1, or switch it off.',
            ja: '127.0.0.1 に限定するか、停止してください。',
            ru: 'Привяжите его к 127.0.0.1 или выключите.',
          },
        ),
      ),
    ];
    if (findings.length > 0) return findings;
    return [
      ok('What is declared listens, and nothing else does.', '宣言どおりに待ち受けています。', 'Слушает объявленное, и больше ничего.'),
    ];
  },
};

/** Lines of `ss --no-header`: protocol, state, queues, local address:port, peer, processes. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line): Listener[] => {
    const [protocol, , , , local = '', , processes = ''] = line.trim().split(/\s+/);
    const at = local.lastIndexOf(':');
    const port = Number(local.slice(at + 1));
    if ((protocol !== 'tcp' && protocol !== 'udp') || at < 0 || !Number.isInteger(port)) return [];
    const address = local
      .slice(0, at)
      .replace(/%.*$/, '')
      .replace(/^\[|\]$/g, '');
    return [{ protocol, address, port, program: /\(\("([^"]+)"/.exec(processes)?.[1] ?? '' }];
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '::ffff:127.0.0.1';
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
