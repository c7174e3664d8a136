import { describe, expect, it } from 'vitest';
import { answerReader } from '../../bench/support/answers.ts';

const answer = (status: number, body: string): Buffer =>
  Buffer.from(`HTTP/1.1 ${status} Said\r\nContent-Length: ${Buffer.byteLength(body)}\r\nx: y\r\n\r\n${body}`);

const statusesOf = (pieces: readonly Buffer[]): readonly number[] => {
  const statuses: number[] = [];
  const read = answerReader((status) => statuses.push(status));
  for (const piece of pieces) read(piece);
  return statuses;
};

describe('the reader of answers', () => {
  it('tells the status of each answer', () => {
    expect(statusesOf([answer(202, '{"a":"ä"}'), answer(503, ''), answer(200, 'x')])).toEqual([202, 503, 200]);
  });

  it('understands an answer wherever it was cut', () => {
    const whole = answer(202, 'some text');
    for (let cut = 1; cut < whole.length; cut++) {
      expect(statusesOf([whole.subarray(0, cut), whole.subarray(cut), answer(200, 'x')])).toEqual([202, 200]);
    }
  });

  it('tells the head of each answer, however long its body takes', () => {
    const heads: string[] = [];
    const read = answerReader((_, head) => heads.push(head));
    for (const piece of [answer(202, 'some text'), answer(200, '')]) {
      read(piece.subarray(0, -3));
      read(piece.subarray(-3));
    }
    expect(heads).toEqual(['9', '0'].map((length) => expect.stringMatching(`Content-Length: ${length}\r\nx: y$`)));
  });

  it('says nothing before the last byte', () => {
    const whole = answer(202, 'x'.repeat(100_000));
    expect(statusesOf([whole.subarray(0, 60_000), whole.subarray(60_000, -1)])).toEqual([]);
  });

  it('refuses an answer that does not say how long it is', () => {
    const chunked = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    expect(() => statusesOf([chunked])).toThrow('no Content-Length');
  });
});
