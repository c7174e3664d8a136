import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { plainHeaders } from './security-headers.ts';
import { bodyOf, kinds, Problem, reasons } from './problems.ts';

/** How long a connection may stay on after its last answer, in milliseconds, for the client to read it. */
const lingering = 1_000;

const problemOf = (code: string): Problem => {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem('headers-too-large', 'Send fewer or shorter headers, or a shorter URL');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request-timeout', 'It did not come in whole in time; send it again');
  return new Problem('invalid-request', 'This is not HTTP as it should be; the connection ends here');
};

/** Ends a connection after what is written, whatever the client still sends: who drips bytes would else keep it for ever. */
const hangUp = (socket: Socket, last = ''): void => {
  socket.end(last);
  const timer = setTimeout(() => socket.destroy(), lingering).unref();
  socket.once('close', () => clearTimeout(timer));
};

/** The last answer of each connection, begun or not: answers go out in the order of the requests. */
const answersBySocket = () => {
  const known = new WeakMap<Socket, ServerResponse<IncomingMessage>>();
  return {
    of: (socket: Socket) => known.get(socket),
    follow: (server: Server): void => {
      server.on('request', (request, response) => void known.set(request.socket, response));
    },
  };
};

/**
 * Answers what is not even a request, and ends the connection, as nobody knows where the next one begins. `follow` a server
 * for `handler` to know what was answered on a connection already.
 */
export const unreadable = (newId: () => string, log: FastifyBaseLogger) => {
  const answers = answersBySocket();
  const ending = new WeakSet<Socket>();

  const refuse = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const [problem, id] = [problemOf(error.code ?? ''), newId()];
    const { status } = kinds[problem.code];
    const body = JSON.stringify(bodyOf(problem, id));
    log.info({ correlationId: id, status, err: error }, 'unreadable');
    const head = [
      `HTTP/1.1 ${status} ${reasons[status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Correlation-Id: ${id}`,
      ...Object.entries(plainHeaders).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
    ];
    hangUp(socket, [...head, '', body].join('\r\n'));
  };

  const handler: NonNullable<FastifyServerOptions['clientErrorHandler']> = (error, socket) => {
    // What is still on its way is as unreadable, and is heard of here again.
    if (error.code === 'ECONNRESET' || !socket.writable || ending.has(socket)) return;
    ending.add(socket);
    const last = answers.of(socket);
    // The rest of a request that has its answer already, such as a body that nobody wants: there is nothing to add.
    if (last?.headersSent && !last.req.complete) return hangUp(socket);
    // A request before it is still being answered; this one's answer must not be taken for that.
    if (last?.req.complete && !last.writableFinished) return void last.once('close', () => refuse(error, socket));
    refuse(error, socket);
  };

  return { handler, follow: answers.follow };
};
