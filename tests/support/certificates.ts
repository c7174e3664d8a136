// Test support: self-signed certificates, made when a test asks for them, so that none is stored and none expires.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate that is its own authority, with its key, both as PEM. */
export type Certificate = { readonly cert: string; readonly key: string };

/** Object identifiers in DER: ecdsa-with-SHA256, commonName, subjectAltName, basicConstraints. */
const oids = {
  signature: '06082a8648ce3d040302',
  commonName: '0603550403',
  names: '0603551d11',
  constraints: '0603551d13',
};

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const bits = (bytes: Buffer): Buffer => der(0x03, Buffer.from([0]), bytes);
const time = (at: Date): Buffer => der(0x18, Buffer.from(`${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));

const addressOf = (name: string): Buffer =>
  /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));

const day = 24 * 60 * 60 * 1_000;

/** Makes a certificate for host names and IPv4 addresses; it ends `validFor` ms from now, or ended so long ago when negative. */
export const newCertificate = (
  names: readonly string[] = ['127.0.0.1', 'localhost'],
  validFor: number = day,
): Certificate => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(hex(oids.signature));
  const name = sequence(
    der(0x31, sequence(hex(oids.commonName), der(0x0c, Buffer.from(`test ${randomBytes(4).toString('hex')}`)))),
  );
  const extensions = sequence(
    sequence(hex(oids.constraints), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
    sequence(hex(oids.names), der(0x04, sequence(...names.map(addressOf)))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    algorithm,
    name,
    sequence(time(new Date(Date.now() - 10 * day)), time(new Date(Date.now() + validFor))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, privateKey)));
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
};
