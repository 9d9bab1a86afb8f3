import MimeNode from 'nodemailer/lib/mime-node';

export interface Message {
  from: { name?: string; address: string };
  to: string;
  subject: string;
  text: string;
}

/** As it goes over the wire (RFC 5322). */
export async function sourceOf({ from, to, subject, text }: Message, headers: Readonly<Record<string, string>> = {}): Promise<Buffer> {
  return await new MimeNode('text/plain; charset=utf-8')
    .setHeader({ from: [from], to: [{ name: '', address: to }], subject, ...headers })
    .setContent(text)
    .build();
}
