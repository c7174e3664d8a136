import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { EventStoreDBAddress, Node } from '../../config/eventstoredb-address.ts';

/** How long a node may take to answer who asks why it can't be used, in ms. */
const patience = 400;

/** How a node answers who begins to speak TLS: `spoken`, the code of what went wrong, or none when it keeps silent. */
const answerOf = ({ address, port }: Node, ca: Buffer | undefined): Promise<string | undefined> =>
  new Promise((resolve) => {
    const servername = isIP(address) ? undefined : address;
    const trust = ca ? { ca } : {};
    const socket = connect({ host: address, port, ALPNProtocols: ['h2'], ...(servername && { servername }), ...trust });
    const done = (answer?: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patience, done);
    socket.once('secureConnect', () => done('spoken'));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => done(code));
  });

/** Codes of Node.js and OpenSSL for a certificate that nobody signed whom this machine trusts. */
const UNTRUSTED = [
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_UNTRUSTED', 'CERT_SIGNATURE_FAILURE'],
];

const certificateReason = (code: string, address: string, hasAuthority: boolean): string | undefined => {
  if (UNTRUSTED.includes(code))
    return hasAuthority
      ? 'its certificate is not signed by the authority in tlsCAFile; name the file of the one that signed it'
      : 'its certificate is signed by no authority that is trusted here; name the file of the one that signed it with tlsCAFile=<path>';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is not for ${address}; use a name that it is for, or give the server another one`;
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired; give the server a new one';
  return code === 'CERT_NOT_YET_VALID'
    ? 'its certificate is not valid yet; look at the clocks of both machines'
    : undefined;
};

const reasonAt = async (node: Node, tls: boolean, ca: Buffer | undefined): Promise<string | undefined> => {
  const code = await answerOf(node, ca);
  if (code === 'ENOTFOUND') return `there is no host ${node.address}; correct the name in its connection string`;
  if (code === undefined || ['ECONNREFUSED', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code))
    return undefined;
  const certificate = certificateReason(code, node.address, ca !== undefined);
  if (!tls) return code === 'spoken' || certificate ? 'it speaks TLS; leave out tls=false' : undefined;
  if (code === 'spoken') return undefined;
  return certificate ?? 'it does not speak TLS; add tls=false, or give the server a certificate';
};

/**
 * Why an event store can't be used although a node of it answers, and what to do; none when no reason is found. Looks at all
 * nodes at once, within half a second.
 */
export const reasonOf = async ({ nodes, options }: EventStoreDBAddress): Promise<string | undefined> => {
  const { tls = true, tlsCAFile } = options;
  const ca = tls && tlsCAFile !== undefined ? readFileSync(tlsCAFile) : undefined;
  const reasons = await Promise.all(nodes.map((node) => reasonAt(node, tls, ca)));
  return reasons.find((reason) => reason !== undefined);
};
