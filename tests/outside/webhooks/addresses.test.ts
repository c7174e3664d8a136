import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/config.ts';
import { deliveryAllow, nowhere } from '../../../src/config/delivery-allow.ts';
import { addressGuard } from '../../../src/outside/webhooks/addresses.ts';

const guard = addressGuard(nowhere);
const guardWith = (setting: string) => addressGuard(deliveryAllow.parse(setting));

const octets = (value: number): readonly number[] => [24, 16, 8, 0].map((bits) => (value >>> bits) & 0xff);
const dotted = (value: number): string => octets(value).join('.');
const hex = (value: number, digits = 0): string => value.toString(16).padStart(digits, '0');

/** Networks that nothing may be sent to, each as its first address and how many bits are left of it. */
const closed4: Readonly<Record<string, readonly [number, number]>> = {
  'this network': [0x00_00_00_00, 24],
  'private, 10': [0x0a_00_00_00, 24],
  'shared by providers': [0x64_40_00_00, 22],
  loopback: [0x7f_00_00_00, 24],
  'link-local': [0xa9_fe_00_00, 16],
  'private, 172': [0xac_10_00_00, 20],
  'of protocols': [0xc0_00_00_00, 8],
  'private, 192': [0xc0_a8_00_00, 16],
  'for benchmarks': [0xc6_12_00_00, 17],
  'of documentation': [0xcb_00_71_00, 8],
  multicast: [0xe0_00_00_00, 28],
  reserved: [0xf0_00_00_00, 28],
};

/** The ways to write an IPv4 address in a URL, and an IPv6 address that leads to it. */
const notations: Readonly<Record<string, (value: number) => string>> = {
  dotted,
  decimal: String,
  hex: (value) => `0x${hex(value)}`,
  octal: (value) => `0${value.toString(8)}`,
  'octal bytes': (value) =>
    octets(value)
      .map((each) => `0${each.toString(8)}`)
      .join('.'),
  'hex bytes': (value) =>
    octets(value)
      .map((each) => `0x${hex(each)}`)
      .join('.'),
  'three parts': (value) => {
    const [first, second, third = 0, last = 0] = octets(value);
    return `${first}.${second}.${third * 256 + last}`;
  },
  'two parts': (value) => `${value >>> 24}.${value & 0xff_ffff}`,
  'a dot at the end': (value) => `${dotted(value)}.`,
  'full width': (value) => dotted(value).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  percent: (value) => dotted(value).replaceAll(/\d/g, (digit) => `%3${digit}`),
  mapped: (value) => `[::ffff:${dotted(value)}]`,
  'mapped in hex': (value) => `[0:0:0:0:0:ffff:${hex(value >>> 16)}:${hex(value & 0xffff)}]`,
  compatible: (value) => `[::${dotted(value)}]`,
  translated: (value) => `[::ffff:0:${dotted(value)}]`,
  NAT64: (value) => `[64:ff9b::${dotted(value)}]`,
  'NAT64 of a network': (value) => `[64:ff9b:1::${dotted(value)}]`,
  '6to4': (value) => `[2002:${hex(value >>> 16)}:${hex(value & 0xffff)}::1]`,
  Teredo: (value) => `[2001:0:4136:e378:8000:63bf:${hex(~(value >>> 16) & 0xffff)}:${hex(~value & 0xffff)}]`,
};

describe.each(Object.entries(closed4))('An address of a network that is %s', (_, [first, bits]) => {
  it.each(Object.entries(notations))('is refused when written as %s', (_, written) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** bits - 1 }), (more) => {
        const refusal = guard.refusal(`https://${written(first + more)}/hook`);
        expect(refusal).toMatch(/not of the open internet; .* DELIVERY_ALLOW$/);
      }),
    );
  });

  it('is not connected to, plain or mapped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** bits - 1 }), (more) => {
        const address = dotted(first + more);
        for (const each of [address, `::ffff:${address}`, `::${address}`, `64:ff9b::${address}`])
          expect(guard.mayReach('hooks.example.com', each)).toBe(false);
      }),
    );
  });
});

describe('An address of IPv6', () => {
  const group = fc.integer({ min: 0, max: 0xffff });
  const rest = (count: number) => fc.array(group, { minLength: count, maxLength: count });

  it.each([
    ['private', 0xfc00, 0x1ff, 7],
    ['link-local', 0xfe80, 0x3f, 7],
    ['once site-local', 0xfec0, 0x3f, 7],
    ['multicast', 0xff00, 0xff, 7],
    ['reserved', 0x4000, 0x1fff, 7],
    ['6to4', 0x2002, 0, 7],
    ['of the first 3/8, which is nobody’s', 0x0000, 0x1fff, 7],
  ])('that is %s is refused', (_, first, mask, count) => {
    fc.assert(
      fc.property(group, rest(count), (some, others) => {
        const address = [first | (some & mask), ...others].map((each) => hex(each)).join(':');
        expect(guard.refusal(`https://[${address}]/`)).toBeDefined();
        expect(guard.mayReach('hooks.example.com', address)).toBe(false);
      }),
    );
  });

  it('is refused that only one interface of ours has, or that is none', () => {
    for (const address of ['fe80::1%eth0', '2606:4700::1111%eth0', '', 'localhost', '1.2.3', '::g'])
      expect(guard.mayReach('hooks.example.com', address)).toBe(false);
  });
});

it.each([
  'http://hooks.example.com/',
  'ftp://hooks.example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '//hooks.example.com/',
  'hooks.example.com',
  'https://',
  '',
  'https://ada@hooks.example.com/',
  'https://ada:secret@hooks.example.com/',
  'https://:secret@hooks.example.com/',
  'https://hooks.example.com.evil@127.0.0.1/',
  'https://localhost/',
  'https://localhost:8443/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://a.localhost/',
  'https://printer/',
  'https://printer.local/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://router.lan/',
  'https://nas.home.arpa/',
  'https://hooks.example.com./',
  'https://hooks.example.com:22/',
  'https://hooks.example.com:25/',
  'https://hooks.example.com:0/',
  'https://hooks.example.com:65536/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/latest/meta-data/',
  'https://168.63.129.16/',
  'https://100.100.100.200/',
  'https://[::]/',
  'https://[::1]/',
  'https://0/',
  'https://127.1/',
])('%s is refused', (url) => {
  expect(guard.refusal(url)).toBeDefined();
});

it.each([
  'https://hooks.example.com/',
  'https://hooks.example.com:443/a?b=c',
  'https://hooks.example.com:8443/',
  'https://HOOKS.example.com/',
  'https://bücher.example/',
  'https://locality.com/',
  'https://mylocal/'.replace('mylocal', 'my-local.net'),
  'https://93.184.215.14/',
  'https://[2606:4700::1111]/',
  'https://172.32.0.1/',
  'https://100.128.0.1/',
])('%s is not', (url) => {
  expect(guard.refusal(url)).toBeUndefined();
});

describe('What is allowed besides the open internet', () => {
  it('is reached by http too, at any port', () => {
    const { refusal, mayReach } = guardWith('127.0.0.0/8, hooks.internal,fd12::/16');
    for (const host of ['127.0.0.1', '127.9.9.9:25', '2130706433', '[fd12::7]:9', 'hooks.internal:8080', 'localhost:9'])
      for (const scheme of ['http', 'https']) expect(refusal(`${scheme}://${host}/`)).toBeUndefined();
    expect(mayReach('hooks.internal', '10.1.2.3')).toBe(true);
    expect(mayReach('hooks.example.com', '127.0.0.1')).toBe(true);
    expect(mayReach('hooks.example.com', 'fd12::1')).toBe(true);
  });

  it('is nothing more', () => {
    const { refusal, mayReach } = guardWith('127.0.0.0/8,hooks.internal');
    for (const host of ['10.0.0.1', 'a.hooks.internal', 'hooks.internal.', 'other.internal', '[::1]', '[fd13::7]'])
      expect(refusal(`https://${host}/`)).toBeDefined();
    expect(refusal('http://hooks.example.com/')).toBeDefined();
    expect(refusal('http://ada:secret@127.0.0.1/')).toBeDefined();
    expect(mayReach('hooks.example.com', '10.1.2.3')).toBe(false);
    expect(mayReach('localhost', '::1')).toBe(false);
  });

  it('is said with networks, addresses and hosts', () => {
    expect(deliveryAllow.parse(' 10.0.0.0/8,192.168.1.7 , Hooks.Internal,, fd00::/8')).toEqual({
      networks: [
        { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
        { address: '192.168.1.7', prefix: 32, family: 'ipv4' },
        { address: 'fd00::', prefix: 8, family: 'ipv6' },
      ],
      hosts: ['hooks.internal'],
    });
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0',
    '127.1',
    'http://a.example',
    'a.example:80',
    'a b',
    '*',
    '10.0.0.0/x',
    'fe80::1%eth0',
  ])('is not said with %s', (entry) => {
    expect(deliveryAllow.safeParse(`10.0.0.0/8,${entry}`).error?.issues[0]?.message).toContain(`"${entry}"`);
  });

  it('is told of with all else that is wrong with the settings', () => {
    const parse = () => parseConfig({ PORT: 'none', DELIVERY_ALLOW: 'a b' });
    expect(parse).toThrow(/PORT: .*\nDELIVERY_ALLOW: "a b": neither a network/);
    expect(parseConfig({ DELIVERY_ALLOW: '10.0.0.0/8' }).deliveryAllow?.networks).toHaveLength(1);
    expect(parseConfig({}).deliveryAllow).toBeUndefined();
  });

  it('is said in 256 entries at most', () => {
    expect(deliveryAllow.safeParse(Array.from({ length: 257 }, () => '::1').join(',')).success).toBe(false);
  });
});
