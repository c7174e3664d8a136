import providers from 'email-providers/all.json' with { type: 'json' };

/** Where many people have their addresses, and which the list of the package has not yet. */
const others = [
  'aon.at',
  'chello.at',
  'citromail.hu',
  'disroot.org',
  'duck.com',
  'ezweb.ne.jp',
  'fastmail.com',
  'gmx.ch',
  'mailbox.org',
  'mozmail.com',
  'online.no',
  'posteo.de',
  'posteo.net',
  'proton.ch',
  'riseup.net',
  'startmail.com',
  'tuta.com',
  'tuta.io',
  'tutanota.com',
  'tutanota.de',
  'vodafone.de',
  'ziggo.nl',
  'zohomail.com',
  'zohomail.eu',
] as const;

/** What the package lists, though nobody has an address there: RFC 2606 keeps it for examples, and in them it is a company. */
const notOne: ReadonlySet<string> = new Set(['example.com']);

const known: ReadonlySet<string> = new Set([...providers.filter((domain) => !notOne.has(domain)), ...others]);

/**
 * Whether a domain, in lower case, is one where many people who have nothing to do with each other have their e-mail
 * addresses: then it says nothing about a company.
 */
export const isFreeMail = (domain: string): boolean => known.has(domain);
