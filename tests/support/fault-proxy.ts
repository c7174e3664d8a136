import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What goes wrong with one request: it is answered here and never passed on, or it is passed on and the connection breaks
 * once the real answer is there.
 */
export type Fault =
  { readonly answer: number; readonly headers?: OutgoingHttpHeaders } | { readonly dropAfter: 'answered' };

export type FaultProxy = {
  /** Where clients send, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** What became of each request so far, in order: the status that the client saw, or `dropped`. */
  readonly seen: () => readonly (number | 'dropped')[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

type Passed = { readonly status: number; readonly headers: OutgoingHttpHeaders; readonly body: Buffer };

const passOn = async (target: string, incoming: IncomingMessage): Promise<Passed> => {
  const body = await buffer(incoming);
  const { method, headers } = incoming;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    ask(new URL(incoming.url ?? '/', target), { ...(method && { method }), headers }, resolve)
      .on('error', reject)
      .end(body);
  });
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await buffer(answer) };
};

/** Stands between a client and `target`. The first requests meet the faults, one each; those after them pass. */
export const openFaultProxy = async (target: string, faults: readonly Fault[]): Promise<FaultProxy> => {
  const left = [...faults];
  const seen: (number | 'dropped')[] = [];

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const fault = left.shift();
    if (fault && 'answer' in fault) {
      incoming.resume();
      seen.push(fault.answer);
      outgoing.writeHead(fault.answer, fault.headers).end();
      return;
    }
    const { status, headers, body } = await passOn(target, incoming);
    seen.push(fault ? 'dropped' : status);
    if (fault) outgoing.destroy();
    else outgoing.writeHead(status, headers).end(body);
  };

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen: () => [...seen],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
