import { createRequire } from 'node:module';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected, Outcome, Proposed } from './eventstoredb-standin-log.ts';

type Any = NonNullable<ReturnType<InstanceType<typeof statuses.Status>['getDetails']>>;
const { Any: AnyOfClient } = createRequire(import.meta.resolve('@eventstore/db-client'))(
  'google-protobuf/google/protobuf/any_pb.js',
) as { readonly Any: new () => Any };
const nothing = () => new shared.Empty() as never;

/** An event of an append that shares a call with others. */
export const batchedIn = (message: BatchAppendReq.ProposedMessage): Proposed => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  json: message.getMetadataMap().get('content-type') === 'application/json',
  data: message.getData_asB64(),
  metadata: message.getCustomMetadata_asB64(),
});

/** The revision that such an append expects. */
export const batchExpectedIn = (options: BatchAppendReq.Options | undefined): Expected => {
  if (options?.hasNoStream()) return 'no-stream';
  if (options?.hasStreamExists()) return 'exists';
  return options?.hasStreamPosition() ? Number(options.getStreamPosition()) : 'any';
};

/** What the server says of such an append that it did not write, by the name of the message that says it. */
const refusal = (name: string, details: { serializeBinary: () => Uint8Array }) => {
  const [any, error] = [new AnyOfClient(), new statuses.Status()];
  any.pack(details.serializeBinary(), `event_store.client.${name}`);
  error.setDetails(any);
  return error;
};

/** The answer to an append that shares a call with others; undefined is one that is larger than the server takes. */
export const batchAnswer = (request: BatchAppendReq, outcome: Outcome | undefined): BatchAppendResp => {
  const message = new messages.BatchAppendResp();
  message.setCorrelationId(request.getCorrelationId());
  message.setStreamIdentifier(request.getOptions()?.getStreamIdentifier());
  if (!outcome) {
    const large = new shared.MaximumAppendSizeExceeded();
    large.setMaxappendsize(1024 * 1024);
    message.setError(refusal('MaximumAppendSizeExceeded', large));
  } else if ('current' in outcome) {
    const wrong = new shared.WrongExpectedVersion();
    if (outcome.current < 0) wrong.setCurrentNoStream(nothing());
    else wrong.setCurrentStreamRevision(String(outcome.current));
    message.setError(refusal('WrongExpectedVersion', wrong));
  } else {
    const success = new messages.BatchAppendResp.Success();
    success.setCurrentRevision(String(outcome.revision));
    if (outcome.position === undefined) success.setNoPosition(nothing());
    else {
      const position = new shared.AllStreamPosition();
      position.setCommitPosition(String(outcome.position));
      position.setPreparePosition(String(outcome.position));
      success.setPosition(position);
    }
    message.setSuccess(success);
  }
  return message;
};

/** What a server says that it can: appends that share a call, where it takes them. */
export const featuresMessage = (batching: boolean) => {
  const supported = new features.SupportedMethods();
  supported.setEventStoreServerVersion('23.10.8');
  for (const name of batching ? ['append', 'read', 'batchappend'] : ['append', 'read']) {
    const method = new features.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    supported.addMethods(method);
  }
  return supported;
};

/** An answer that says only that there was an error, as a node gives that does not lead. */
export const unclearAnswer = (request: BatchAppendReq): BatchAppendResp => {
  const message = new messages.BatchAppendResp();
  message.setCorrelationId(request.getCorrelationId());
  message.setStreamIdentifier(request.getOptions()?.getStreamIdentifier());
  message.setError(refusal('Empty', new shared.Empty()));
  return message;
};
