/** The longest head of an answer that is understood, in bytes. */
const headLimit = 4_096;

/** How many bytes of a body an answer's head announces. Throws when it doesn't say. */
const lengthIn = (head: string): number => {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return Number(length);
  throw new Error(`An answer has no Content-Length, and only such answers are understood: ${head.split('\r\n', 1)[0]}`);
};

/**
 * Reads the answers that come over one HTTP connection, one at a time: takes the pieces as they come and tells the status and
 * the head of each answer that is complete. It does just that, so that measuring costs less than what is measured. Throws on an answer
 * without Content-Length.
 */
export const answerReader = (answered: (status: number, head: string) => void) => {
  let head = '';
  let complete = '';
  let status = 0;
  let missing = 0;

  const begin = (piece: Buffer): void => {
    const before = head.length;
    head += piece.toString('latin1', 0, headLimit);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1 && head.length > headLimit) throw new Error(`An answer's head is longer than ${headLimit} bytes`);
    if (end === -1) return;
    status = Number(head.slice(9, 12));
    complete = head.slice(0, end);
    missing = lengthIn(complete) - (piece.length - (end + 4 - before));
    head = '';
    if (missing === 0) answered(status, complete);
  };

  return (piece: Buffer): void => {
    if (missing === 0) return begin(piece);
    missing -= piece.length;
    if (missing === 0) answered(status, complete);
  };
};
