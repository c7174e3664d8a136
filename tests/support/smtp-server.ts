import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** How a server answers one mail: takes it, says no to its receiver or to what it says, or nothing at all. */
export type SmtpAnswer = 'takes' | 'refuses' | 'is-busy' | 'refuses-data' | 'is-silent';

/** A mail that the server took: who it is for, as the envelope says, and its bytes. */
export type TakenMail = { readonly to: string; readonly raw: string };

/** A mail server that answers as a test says. */
export type SmtpServer = {
  readonly url: string;
  readonly port: number;
  readonly taken: readonly TakenMail[];
  /** How often somebody tried. */
  readonly tries: () => number;
  readonly answer: (how: SmtpAnswer) => void;
  readonly stop: () => Promise<void>;
};

const receiverReplies: Readonly<Record<SmtpAnswer, string>> = {
  takes: '250 fine',
  'refuses-data': '250 fine',
  'is-silent': '250 fine',
  refuses: '550 nobody of that name',
  'is-busy': '451 later, please',
};

/** Starts a mail server on a port of this machine. */
export const startSmtpServer = async (first: SmtpAnswer = 'takes', port = 0): Promise<SmtpServer> => {
  const taken: TakenMail[] = [];
  const sockets = new Set<Socket>();
  let [how, tries] = [first, 0];

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    let [buffered, to, inData] = ['', '', false];
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    const onLine = (line: string): void => {
      if (/^(EHLO|HELO)/i.test(line)) return say('250 hello');
      if (/^MAIL FROM/i.test(line)) return say('250 fine');
      if (/^RCPT TO/i.test(line)) {
        tries += 1;
        to = /<([^>]*)>/.exec(line)?.[1] ?? '';
        return say(receiverReplies[how]);
      }
      if (/^DATA/i.test(line)) {
        inData = true;
        return say('354 go on');
      }
      if (/^QUIT/i.test(line)) return void socket.end('221 bye\r\n');
      return say('250 fine');
    };
    socket.on('data', (bytes) => {
      buffered += bytes.toString();
      for (;;) {
        const end = inData ? buffered.indexOf('\r\n.\r\n') : buffered.indexOf('\r\n');
        if (end < 0) return;
        const said = buffered.slice(0, end);
        buffered = buffered.slice(end + (inData ? 5 : 2));
        if (!inData) {
          onLine(said);
          continue;
        }
        inData = false;
        if (how === 'refuses-data') say('554 no');
        if (how !== 'takes') continue;
        taken.push({ to, raw: said.replace(/^\.\./gm, '.') });
        say('250 taken');
      }
    });
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (how !== 'is-silent') say('220 mail.example.com');
  };

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: at } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${at}`,
    port: at,
    taken,
    tries: () => tries,
    answer: (next) => {
      how = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
