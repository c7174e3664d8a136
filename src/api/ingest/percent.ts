const [percent, plus, space] = [0x25, 0x2b, 0x20] as const;

/** The value of a hexadecimal digit; NaN for any other byte. */
const digitOf = (byte: number | undefined): number => {
  if (byte === undefined) return NaN;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN;
};

/**
 * Bytes after one round of percent-decoding (RFC 3986, section 2.1), in one pass. A `%` that no two hexadecimal digits follow
 * stays as it is. In a form a `+` is a space.
 */
export const percentDecoded = (bytes: Buffer, inForm = false): Buffer => {
  if (!bytes.includes(percent) && !(inForm && bytes.includes(plus))) return bytes;
  const decoded = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const value = byte === percent ? digitOf(bytes[at + 1]) * 16 + digitOf(bytes[at + 2]) : NaN;
    if (!Number.isNaN(value)) at += 2;
    decoded[length++] = Number.isNaN(value) ? (inForm && byte === plus ? space : byte) : value;
  }
  return decoded.subarray(0, length);
};
