import type { Document } from 'bson';
import { deserialize, serialize } from 'bson';

/** A command that came over the wire. `silent` ones want no answer. */
export type Request = {
  readonly id: number;
  readonly command: Document;
  readonly kind: number;
  readonly silent: boolean;
};

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;

const header = (length: number, responseTo: number, kind: number): Buffer => {
  const bytes = Buffer.alloc(HEADER);
  [length + HEADER, 0, responseTo, kind].forEach((value, place) => bytes.writeInt32LE(value, place * 4));
  return bytes;
};

const textAt = (bytes: Buffer, begin: number): string => bytes.toString('utf8', begin, bytes.indexOf(0, begin));

const documentAt = (bytes: Buffer, begin: number): { readonly document: Document; readonly end: number } => {
  const end = begin + bytes.readInt32LE(begin);
  return { document: deserialize(bytes.subarray(begin, end), { promoteBuffers: true }), end };
};

// Kind 1: the documents of one field of the command, sent apart from it.
const sequenceAt = (bytes: Buffer, begin: number): { readonly field: Document; readonly end: number } => {
  const end = begin + bytes.readInt32LE(begin);
  const name = textAt(bytes, begin + 4);
  const documents: Document[] = [];
  let at = begin + 4 + Buffer.byteLength(name) + 1;
  while (at < end) {
    const found = documentAt(bytes, at);
    documents.push(found.document);
    at = found.end;
  }
  return { field: { [name]: documents }, end };
};

const message = (body: Buffer): { readonly command: Document; readonly silent: boolean } => {
  const flags = body.readInt32LE(0);
  let command: Document = {};
  let at = 4;
  while (at < body.length) {
    const kind = body[at];
    const { document, end } =
      kind === 0
        ? documentAt(body, at + 1)
        : (({ field, end: after }) => ({ document: field, end: after }))(sequenceAt(body, at + 1));
    command = { ...command, ...document };
    at = end;
  }
  return { command, silent: (flags & 2) !== 0 };
};

const parsed = (bytes: Buffer): Request => {
  const [id, kind] = [bytes.readInt32LE(4), bytes.readInt32LE(12)];
  const body = bytes.subarray(HEADER);
  if (kind === OP_MSG) return { id, kind, ...message(body) };
  if (kind !== OP_QUERY) throw new Error(`The stand-in knows no message of kind ${kind}`);
  const { document } = documentAt(body, 4 + textAt(body, 4).length + 1 + 8);
  return { id, kind, command: document, silent: false };
};

/** Puts a stream's chunks together and gives each message once it is whole. */
export const readingRequests = (handle: (request: Request) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = [];
  let length = 0;
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < 4 || (chunks[0] && chunks[0].length >= 4 && length < chunks[0].readInt32LE(0))) return;
    let bytes = Buffer.concat(chunks);
    while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)) {
      const size = bytes.readInt32LE(0);
      handle(parsed(bytes.subarray(0, size)));
      bytes = bytes.subarray(size);
    }
    chunks = [bytes];
    length = bytes.length;
  };
};

/** The bytes of an answer. */
export const answered = ({ id, kind }: Request, document: Document): Buffer => {
  const bytes = Buffer.from(serialize(document, { ignoreUndefined: true }));
  if (kind === OP_MSG) return Buffer.concat([header(bytes.length + 5, id, OP_MSG), Buffer.alloc(5), bytes]);
  const reply = Buffer.alloc(20);
  reply.writeInt32LE(1, 16);
  return Buffer.concat([header(bytes.length + reply.length, id, OP_REPLY), reply, bytes]);
};
