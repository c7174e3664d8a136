import type { Resource } from '@opentelemetry/resources';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';

/** What the process is called where OpenTelemetry's variables don't say. */
export const ownResource = (): Resource =>
  defaultResource().merge(resourceFromAttributes({ 'service.name': 'leadfold' }));
