import type { Format } from '../../domain/deliveries/endpoints.ts';
import type { Told } from '../../domain/deliveries/told.ts';
import { standardSignature } from './signatures.ts';
import { slackMessage } from './slack.ts';

/** What an endpoint is to be told, and how. */
export type Delivery = {
  readonly format: Format;
  readonly told: Told;
  readonly deliveryId: string;
  /** All that are valid, the newest first. Each signs, so that a receiver may change to another when it likes. */
  readonly secrets: readonly string[];
  /** What the endpoint wants besides, by names in lower case that are none of ours. */
  readonly headers: Readonly<Record<string, string>>;
  readonly now: Date;
  readonly traceparent?: string | undefined;
};

/** Headers that say how a request travels, or what it is: those are ours to say. */
const reserved: ReadonlySet<string> = new Set([
  ...[
    'host',
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'expect',
  ],
  ...['content-type', 'content-length', 'content-encoding', 'user-agent', 'traceparent', 'tracestate', 'date'],
]);

/** Whether a header, by its name in lower case, is none that an endpoint may want. */
export const isReservedHeader = (name: string): boolean =>
  reserved.has(name) || /^(webhook|leadfold|proxy)-/.test(name);

/** What is told as an event of CloudEvents 1.0, in structured mode, with the extensions `sequence` and `position`. */
const cloudEvent = ({ id, type, timestamp, sequence, position, data }: Told): object => ({
  specversion: '1.0',
  id,
  source: typeof data['projectId'] === 'string' ? `/projects/${data['projectId']}` : '/projects',
  type,
  time: timestamp,
  ...(typeof data['leadId'] === 'string' && { subject: data['leadId'] }),
  datacontenttype: 'application/json',
  // Ordered as texts as they are as numbers, which the extension asks for.
  ...(sequence !== undefined && { sequence: String(sequence).padStart(12, '0') }),
  position: String(position),
  data,
});

const formats = {
  standard: { contentType: 'application/json', content: (told: Told): object => told },
  cloudevents: { contentType: 'application/cloudevents+json', content: cloudEvent },
  slack: { contentType: 'application/json', content: slackMessage },
} as const satisfies Record<Format, object>;

/** A request that tells an endpoint, signed as Standard Webhooks 1.0 has it, whatever the format. */
export const deliveryRequest = (
  delivery: Delivery,
): { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer } => {
  const { format, told, deliveryId, secrets, headers, now, traceparent } = delivery;
  const { contentType, content } = formats[format];
  const body = Buffer.from(JSON.stringify(content(told)));
  const seconds = Math.floor(now.getTime() / 1_000);
  return {
    headers: {
      ...headers,
      'content-type': contentType,
      'user-agent': 'Leadfold-Webhooks/1.0',
      'webhook-id': told.id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': secrets.map((secret) => standardSignature(secret, told.id, seconds, body)).join(' '),
      'leadfold-delivery-id': deliveryId,
      ...(traceparent !== undefined && { traceparent }),
    },
    body,
  };
};
