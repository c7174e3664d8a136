import type { Sampler } from '@opentelemetry/sdk-trace';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/**
 * Which traces are kept, by OpenTelemetry's OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, which the SDK itself leaves to
 * its user. All, unless the caller's own trace says otherwise, where a name is not known.
 */
export const samplerOf = (name = 'parentbased_always_on', argument = '1'): Sampler => {
  const [parent, kind] = name.startsWith('parentbased_') ? [true, name.slice('parentbased_'.length)] : [false, name];
  const ratio = Number(argument);
  const known: Readonly<Record<string, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1),
  };
  const root = known[kind]?.();
  if (root === undefined) return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  return parent ? new ParentBasedSampler({ root }) : root;
};
