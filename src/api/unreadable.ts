import type { FastifyBaseLogger, FastifyServerOptions } from 'fastify';
import { STATUS_CODES } from 'node:http';
import { bodyOf, kinds, Problem } from './problems.ts';

/** How long a connection may stay on after its last answer, in milliseconds, for the client to read it. */
const lingering = 1_000;

const problemOf = (code: string): Problem => {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem('headers-too-large', 'Send fewer or shorter headers, or a shorter URL');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request-timeout', 'It did not come in whole in time; send it again');
  return new Problem('invalid-request', 'This is not HTTP as it should be; the connection ends here');
};

/** Answers what is not even a request, and ends the connection, as nobody knows where the next one begins. */
export const answerUnreadable =
  (newId: () => string, log: FastifyBaseLogger): NonNullable<FastifyServerOptions['clientErrorHandler']> =>
  (error, socket) => {
    // What is still on its way is as unreadable, and is heard of here again.
    if (error.code === 'ECONNRESET' || !socket.writable) return;
    const [problem, id] = [problemOf(error.code), newId()];
    const { status } = kinds[problem.code];
    const body = JSON.stringify(bodyOf(problem, id));
    log.info({ correlationId: id, status, err: error }, 'unreadable');
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Correlation-Id: ${id}`,
      'Connection: close',
    ];
    socket.end([...head, '', body].join('\r\n'));
    socket.setTimeout(lingering, () => socket.destroy());
  };
