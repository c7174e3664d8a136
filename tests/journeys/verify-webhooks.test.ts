import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deliveryIdOf, testType, toldIdOf } from '../../src/domain/deliveries/told.ts';
import { deliveryRequest } from '../../src/outside/webhooks/requests.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'how-to', 'send-webhooks.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'leadfold-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The example of the how-to in a language. */
const exampleIn = (language: string): string => {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(page) ?? [];
  if (code === undefined) throw new Error(`the page has no example in ${language}`);
  return code;
};

/** What is put behind an example: it reads requests from its input and says of each whether it is authentic. */
type Language = { readonly file: string; readonly run: readonly [string, ...string[]]; readonly behind: string };
const languages: Readonly<Record<string, Language>> = {
  typescript: {
    file: 'verify.ts',
    run: [process.execPath, '--disable-warning=ExperimentalWarning'],
    behind: `
import { readFileSync } from 'node:fs';
for (const { secret, headers, body } of JSON.parse(readFileSync(0, 'utf8')))
  console.log(isAuthentic(secret, headers, Buffer.from(body, 'base64')) ? 'yes' : 'no');`,
  },
  python: {
    file: 'verify.py',
    run: ['python3'],
    behind: `
import json
import sys

for each in json.load(sys.stdin):
    print("yes" if is_authentic(each["secret"], each["headers"], base64.b64decode(each["body"])) else "no")`,
  },
  go: {
    file: 'main.go',
    run: ['go', 'run'],
    behind: `
func main() {
	var requests []struct {
		Secret  string
		Headers map[string]string
		Body    []byte
	}
	if err := json.NewDecoder(os.Stdin).Decode(&requests); err != nil {
		panic(err)
	}
	for _, each := range requests {
		headers := http.Header{}
		for name, value := range each.Headers {
			headers.Set(name, value)
		}
		if IsAuthentic(each.Secret, headers, each.Body) {
			fmt.Println("yes")
		} else {
			fmt.Println("no")
		}
	}
}`,
  },
  php: {
    file: 'verify.php',
    run: ['php'],
    behind: `
foreach (json_decode(stream_get_contents(STDIN), true) as $each) {
    echo is_authentic($each['secret'], $each['headers'], base64_decode($each['body'])) ? "yes\n" : "no\n";
}`,
  },
};

/** Go wants what a program uses named at its top. */
const programIn = (language: string): string => {
  const program = exampleIn(language) + (languages[language]?.behind ?? '');
  return program
    .replace('package webhooks', 'package main')
    .replace('import (\n\t"crypto/hmac"', 'import (\n\t"encoding/json"\n\t"fmt"\n\t"os"\n\t"crypto/hmac"');
};

const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const told = {
  id: toldIdOf('fact-1', testType),
  type: testType,
  timestamp: '2026-03-10T12:00:00.000Z',
  position: 1,
  data: { projectId: 'p1', text: 'bücher & 🚀' },
} as const;
const signed = (secrets: readonly string[], now = new Date()) => {
  const deliveryId = deliveryIdOf('p1-abc', told.id);
  return deliveryRequest({ format: 'standard', told, deliveryId, secrets, headers: {}, now });
};

type Case = { readonly says: 'yes' | 'no'; readonly secret: string } & ReturnType<typeof signed>;

const cases = (): readonly Case[] => {
  const [one, two] = [secretOf(1), secretOf(2)];
  const request = signed([two, one]);
  const { headers } = request;
  const changed = Buffer.from(request.body);
  changed[10] = (changed[10] ?? 0) ^ 1;
  const at = (ms: number) => signed([one], new Date(Date.now() + ms));
  return [
    { says: 'yes', secret: one, ...request },
    { says: 'yes', secret: two, ...request },
    { says: 'yes', secret: one, ...at(-200_000) },
    { says: 'no', secret: secretOf(3), ...request },
    { says: 'no', secret: one, ...request, body: changed },
    { says: 'no', secret: one, ...request, headers: { ...headers, 'webhook-id': 'another' } },
    { says: 'no', secret: one, ...request, headers: { ...headers, 'webhook-signature': '' } },
    { says: 'no', secret: one, ...request, headers: { ...headers, 'webhook-timestamp': 'now' } },
    { says: 'no', secret: one, ...request, headers: {} },
    { says: 'no', secret: one, ...at(-400_000) },
    { says: 'no', secret: one, ...at(400_000) },
  ];
};

const isThere = (command: string): boolean =>
  ['--version', 'version'].some((option) => spawnSync(command, [option]).status === 0);

// Whoever reads the page in a language that this machine has not still has the others' examples to go by.
describe.each(Object.entries(languages))('The example in %s', (language, { file, run: [command, ...options] }) => {
  it.skipIf(!isThere(command))(`tells what is authentic (where ${command} is installed)`, () => {
    const path = join(folder, file);
    writeFileSync(path, programIn(language));
    const all = cases();
    const input = JSON.stringify(
      all.map(({ secret, headers, body }) => ({ secret, headers, body: body.toString('base64') })),
    );
    const said = execFileSync(command, [...options, path], { input, encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual(all.map(({ says }) => says));
  });
});
