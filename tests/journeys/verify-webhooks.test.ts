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

/** What is put behind an example: it reads a request from its input and says whether that is authentic. */
type Language = { readonly file: string; readonly run: readonly string[]; readonly behind: string };
const languages: Readonly<Record<string, Language>> = {
  typescript: {
    file: 'verify.ts',
    run: [process.execPath, '--disable-warning=ExperimentalWarning'],
    behind: `
import { readFileSync } from 'node:fs';
const given = JSON.parse(readFileSync(0, 'utf8'));
console.log(isAuthentic(given.secret, given.headers, Buffer.from(given.body, 'base64')) ? 'yes' : 'no');`,
  },
  python: {
    file: 'verify.py',
    run: ['python3'],
    behind: `
import json
import sys

given = json.load(sys.stdin)
print("yes" if is_authentic(given["secret"], given["headers"], base64.b64decode(given["body"])) else "no")`,
  },
  go: {
    file: 'main.go',
    run: ['go', 'run'],
    behind: `
type given struct {
	Secret  string
	Headers map[string]string
	Body    []byte
}

func main() {
	var request given
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		panic(err)
	}
	headers := http.Header{}
	for name, value := range request.Headers {
		headers.Set(name, value)
	}
	if IsAuthentic(request.Secret, headers, request.Body) {
		fmt.Println("yes")
	} else {
		fmt.Println("no")
	}
}`,
  },
  php: {
    file: 'verify.php',
    run: ['php'],
    behind: `
$given = json_decode(stream_get_contents(STDIN), true);
echo is_authentic($given['secret'], $given['headers'], base64_decode($given['body'])) ? 'yes' : 'no';`,
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

const isThere = (command: string): boolean =>
  spawnSync(command, ['--version']).status === 0 || spawnSync(command, ['version']).status === 0;

// Whoever reads the page in a language that this machine has not still has the others' examples to go by.
describe.each(Object.entries(languages).map(([language, how]) => ({ language, ...how })))(
  'The example in $language',
  ({ language, file, run: [command = '', ...options] }) => {
    const path = join(folder, file);

    it.skipIf(!isThere(command))(`tells what is authentic (where ${command} is installed)`, () => {
      writeFileSync(path, programIn(language));
      const says = (secret: string, { headers, body }: ReturnType<typeof signed>): string => {
        const input = JSON.stringify({ Secret: secret, secret, headers, body: body.toString('base64') });
        return execFileSync(command, [...options, path], { input, encoding: 'utf8' }).trim();
      };
      const [one, two] = [secretOf(1), secretOf(2)];
      const request = signed([two, one]);
      expect([says(one, request), says(two, request)]).toEqual(['yes', 'yes']);
      const changed = Buffer.from(request.body);
      changed[10] = (changed[10] ?? 0) ^ 1;
      const at = (ms: number) => signed([one], new Date(Date.now() + ms));
      const without = { ...request, headers: { ...request.headers, 'webhook-signature': '' } };
      for (const [secret, given] of [
        [secretOf(3), request],
        [one, { ...request, body: changed }],
        [one, { ...request, headers: { ...request.headers, 'webhook-id': 'another' } }],
        [one, without],
        [one, at(-400_000)],
        [one, at(400_000)],
      ] as const)
        expect(says(secret, given)).toBe('no');
    });
  },
);
