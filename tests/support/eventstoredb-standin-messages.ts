import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Entry, Expected, Outcome, Place, Proposed } from './eventstoredb-standin-log.ts';

/** EventStoreDB tells when an event was recorded in units of 100 ns. */
const TICKS_PER_MS = 10_000n;

const identifierOf = (stream: string) => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream));
  return identifier;
};

/** The name in a stream identifier. */
export const nameIn = (identifier: { getStreamName_asU8(): Uint8Array } | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

/** A message that is bytes already. */
export type Encoded = Buffer;

/** An event as a read or a subscription sends it. It is made once, as the real server has events at hand as bytes. */
export const eventMessages = (): ((entry: Entry) => Encoded) => {
  const made = new WeakMap<Entry, Encoded>();
  return (entry) => {
    const known = made.get(entry) ?? Buffer.from(eventMessage(entry).serializeBinary());
    made.set(entry, known);
    return known;
  };
};

/** How an answer to a read is written. */
export const encoded = (message: ReadResp | Encoded): Buffer =>
  Buffer.isBuffer(message) ? message : Buffer.from(message.serializeBinary());

const eventMessage = (entry: Entry): ReadResp => {
  const id = new shared.UUID();
  id.setString(entry.id);
  const recorded = new messages.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(entry.stream));
  recorded.setStreamRevision(String(entry.revision));
  recorded.setCommitPosition(String(entry.position));
  recorded.setPreparePosition(String(entry.position));
  recorded.setData(entry.data);
  recorded.setCustomMetadata(entry.metadata);
  const metadata = recorded.getMetadataMap();
  metadata.set('type', entry.type);
  metadata.set('content-type', entry.json ? 'application/json' : 'application/octet-stream');
  metadata.set('created', String(BigInt(entry.created) * TICKS_PER_MS));
  const event = new messages.ReadResp.ReadEvent();
  event.setEvent(recorded);
  event.setCommitPosition(String(entry.position));
  const message = new messages.ReadResp();
  message.setEvent(event);
  return message;
};

/** The notice that there is no such stream. */
export const notFoundMessage = (stream: string): ReadResp => {
  const notFound = new messages.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const message = new messages.ReadResp();
  message.setStreamNotFound(notFound);
  return message;
};

/** The notice that a subscription has begun. */
export const confirmationMessage = (): ReadResp => {
  const confirmation = new messages.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(crypto.randomUUID());
  const message = new messages.ReadResp();
  message.setConfirmation(confirmation);
  return message;
};

/** The notice that a subscription has looked at everything before a place. */
export const checkpointMessage = ({ commit, prepare }: Place): ReadResp => {
  const checkpoint = new messages.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(commit));
  checkpoint.setPreparePosition(String(prepare));
  const message = new messages.ReadResp();
  message.setCheckpoint(checkpoint);
  return message;
};

/** The notice that a subscription has come from the past to the present. */
export const caughtUpMessage = (): ReadResp => {
  const message = new messages.ReadResp();
  message.setCaughtUp(new messages.ReadResp.CaughtUp());
  return message;
};

/** The answer to an append. */
export const appendedMessage = (outcome: Outcome): AppendResp => {
  const message = new messages.AppendResp();
  if ('current' in outcome) {
    const wrong = new messages.AppendResp.WrongExpectedVersion();
    if (outcome.current < 0) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(outcome.current));
    message.setWrongExpectedVersion(wrong);
    return message;
  }
  const success = new messages.AppendResp.Success();
  success.setCurrentRevision(String(outcome.revision));
  if (outcome.position === undefined) success.setNoPosition(new shared.Empty());
  else {
    const position = new messages.AppendResp.Position();
    position.setCommitPosition(String(outcome.position));
    position.setPreparePosition(String(outcome.position));
    success.setPosition(position);
  }
  message.setSuccess(success);
  return message;
};

/** The revision that an append expects. */
export const expectedIn = (options: AppendReq.Options | undefined): Expected => {
  if (options?.hasNoStream()) return 'no-stream';
  if (options?.hasStreamExists()) return 'exists';
  return options?.hasRevision() ? Number(options.getRevision()) : 'any';
};

/** An event of an append. */
export const proposedIn = (message: AppendReq.ProposedMessage): Proposed => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  json: message.getMetadataMap().get('content-type') === 'application/json',
  data: message.getData_asB64(),
  metadata: message.getCustomMetadata_asB64(),
});
