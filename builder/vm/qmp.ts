/** QEMU's machine protocol (QMP) over its Unix socket: commands with their answers, and events. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Answer {
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
}

export class Qmp {
  readonly #socket: Socket;
  readonly #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  readonly #events = new Set<string>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('QEMU closed its control socket'));
    });
    // It passes on errors of its input: QEMU that was killed resets the connection.
    createInterface({ input: socket })
      .on('error', () => undefined)
      .on('line', (line) => this.#receive(line));
  }

  /** Connects and leaves the negotiation mode. Fails where nobody listens yet. */
  static async connect(path: string): Promise<Qmp> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve());
    });
    const qmp = new Qmp(socket);
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  /** QEMU answers in order, so no ids are needed. @throws Error with QEMU's own description. */
  async execute(command: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('QEMU closed its control socket'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    });
  }

  /** A command of the human monitor, for the few things that have none of QMP's own. It reports failures as text. */
  async monitor(line: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': line }));
  }

  /** Whether this event was seen since the start: SHUTDOWN, RESET, GUEST_PANICKED... */
  saw(event: string): boolean {
    return this.#events.has(event);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    const answer = JSON.parse(line) as Answer;
    if (answer.event !== undefined) this.#events.add(answer.event);
    else if (answer.error !== undefined) this.#waiting.shift()?.reject(new Error(answer.error.desc));
    else if ('return' in answer) this.#waiting.shift()?.resolve(answer.return);
  }
}
