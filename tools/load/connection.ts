import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { answerReader } from '../../bench/support/answers.ts';

/** Something to send, and when it was due, in ms of `performance.now()`. */
export type Due = { readonly request: Buffer; readonly due: number };

/** What became of a request: the status of its answer with the head, or why there was none. */
export type Answered = (result: number | string, due: number, head?: string) => void;

/** A connection that sends one request at a time. */
export type Connection = { readonly send: (what: Due) => void; readonly end: () => void };

/** How long an answer may take, in ms. */
const patience = 30_000;

/** Opens a connection to a server; it is opened anew when it breaks. `free` is called after each answer, or what stands for one. */
export const openConnection = (url: URL, answered: Answered, free: (connection: Connection) => void): Connection => {
  const state: { socket?: Socket | undefined; waiting?: Due | undefined } = {};
  const finish = (result: number | string, head?: string): void => {
    const { waiting } = state;
    if (!waiting) return;
    state.waiting = undefined;
    answered(result, waiting.due, head);
    free(connection);
  };
  const opened = (): Socket => {
    const socket = connect(Number(url.port || 80), url.hostname.replace(/^\[|\]$/g, '')).setNoDelay(true);
    const gone = (why: string): void => {
      socket.destroy();
      if (state.socket !== socket) return;
      state.socket = undefined;
      finish(why);
    };
    const read = answerReader(finish);
    socket.setTimeout(patience, () => gone(`no answer within ${patience / 1_000} s`));
    socket.once('error', (error) => gone(error.message));
    socket.once('close', () => gone('the server closed the connection'));
    socket.on('data', (piece) => {
      try {
        read(piece);
      } catch (error) {
        gone(error instanceof Error ? error.message : String(error));
      }
    });
    return socket;
  };
  const connection: Connection = {
    send: (what) => {
      state.waiting = what;
      state.socket ??= opened();
      state.socket.write(what.request);
    },
    end: () => {
      const { socket } = state;
      state.socket = undefined;
      socket?.destroy();
    },
  };
  return connection;
};
