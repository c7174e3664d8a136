// A Fastify server that validates an event as the product's own schema does and answers 202, storing nothing.
import fastify from 'fastify';
import { nativeSchema } from '../../src/api/ingest/schemas.ts';

const app = fastify();
app.setValidatorCompiler(() => (data: unknown) => {
  const { success, data: value, error } = nativeSchema.safeParse(data);
  return success ? { value } : { error };
});
const receipt = { type: 'object', properties: { status: { type: 'string' } } };
const schema = { body: nativeSchema, response: { 202: receipt } };
app.post('/events', { schema }, async (_request, reply) => reply.code(202).send({ status: 'queued' }));
process.send?.(await app.listen({ port: 0, host: '127.0.0.1' }));
