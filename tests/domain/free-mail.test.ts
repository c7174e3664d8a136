import { expect, it } from 'vitest';
import { isFreeMail } from '../../src/domain/identity/free-mail.ts';

it.each([
  ...['gmail.com', 'seznam.cz', 'yahoo.co.jp', 'wp.pl', 'duck.com', 'outlook.com', 'qq.com', 'mail.ru', 'onet.pl'],
  ...['tuta.com', 'hotmail.it', 'privaterelay.appleid.com', 'gmx.ch', 'uol.com.br', 'naver.com', 'laposte.net'],
])('%s has the addresses of everybody', (domain) => {
  expect(isFreeMail(domain)).toBe(true);
});

it.each(['example.com', 'siemens.com', 'dell.com', 'google.com', 'acme.example', 'mit.edu', ''])(
  '%s is no provider of free mail',
  (domain) => {
    expect(isFreeMail(domain)).toBe(false);
  },
);
