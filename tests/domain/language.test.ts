import { expect, it } from 'vitest';
import { languageIn, languageOf, languageTag } from '../../src/domain/conditions/language.ts';

it.each([
  ['de', 'de'],
  ['DE', 'de'],
  ['de-AT', 'de'],
  ['de_AT.UTF-8', 'de'],
  ['deu', 'de'],
  ['ger', 'de'],
  ['German', 'de'],
  ['french', 'fr'],
  ['zh-Hant-TW', 'zh'],
  ['iw', 'he'],
  ['fil', 'fil'],
  ['tlh', 'tlh'],
  ['xyz', undefined],
  ['zz', undefined],
  ['Elvish', undefined],
  ['', undefined],
  ['-', undefined],
  ['x'.repeat(100_000), undefined],
])('%s is the language %s', (text, code) => {
  expect(languageOf(text)).toBe(code);
});

it.each([
  ['de', 'de'],
  ['de_at', 'de-AT'],
  [' EN ', 'en'],
  ['deu-CH', 'de-CH'],
  ['pt-br', 'pt-BR'],
  ['zh-hant-tw', 'zh-Hant-TW'],
  ['German', undefined],
  ['de-', undefined],
  ['de-x-a-b-c-d-e-f', undefined],
  ['xx', undefined],
  ['', undefined],
])('%s is kept as the tag %s', (text, tag) => {
  expect(languageTag(text)).toBe(tag);
});

it.each([
  ['de-AT', 'de'],
  ['EN', 'en'],
  ['german', 'de'],
  ['Elvish', 'elvish'],
])('%s, as somebody saved it, is %s', (text, language) => {
  expect(languageIn(text)).toBe(language);
});
