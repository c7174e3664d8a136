import { domainToASCII, domainToUnicode } from 'node:url';

/** What is longer than this is nobody's, in whatever form: it is left as it is, and refused for its length. In UTF-16 units. */
const longest = 1_024;

/** Characters that are not shown: zero-width spaces and joiners, soft hyphens, marks of direction and the like (UAX #44). */
const invisible = /\p{Default_Ignorable_Code_Point}+/gu;

const isPlain = (text: string): boolean => /^[\x21-\x7e]*$/.test(text);

/** A text as people see it: in NFC (UAX #15), without what is not shown and without space around it. */
const visible = (text: string): string => (isPlain(text) ? text : text.replace(invisible, '').normalize('NFC').trim());

/** Where an address of `mailto:` (RFC 6068) begins and ends; other text is left as it is. */
const addressIn = (text: string): string => {
  const [scheme = ''] = /^(?:mailto:\s*)+/i.exec(text) ?? [];
  return scheme === '' ? text : (text.slice(scheme.length).split('?', 1)[0] ?? '');
};

/** A domain as it is registered: in ASCII by IDNA (UTS #46). One that is no name of a host is left as it is. */
const registered = (domain: string): string =>
  isPlain(domain) || /[\s/?#\\%:@[\]]/.test(domain) ? domain : domainToASCII(domain) || domain;

const withDomain = (address: string, change: (domain: string) => string): string => {
  const at = address.lastIndexOf('@') + 1;
  return at === 0 ? address : address.slice(0, at) + change(address.slice(at));
};

/** An id as it identifies: the same for all ways to write it that look the same. */
export const normalId = (said: string): string => (said.length > longest ? said : visible(said));

/** An e-mail address as it identifies: an id, in lower case, without `mailto:`, its domain in ASCII. */
export const normalEmail = (said: string): string => {
  if (said.length > longest) return said;
  const address = visible(addressIn(visible(said)).toLowerCase());
  return withDomain(address, registered);
};

/** What used to identify where now the normal form of a text does: ids were trimmed, and e-mail addresses in lower case too. */
export const formerForms = (kind: 'id' | 'email', said: string): readonly string[] => {
  if (said.length > longest || (isPlain(said) && (kind === 'id' || !/^mailto:|xn--/i.test(said)))) return [];
  const normal = kind === 'id' ? normalId(said) : normalEmail(said);
  const forms = [kind === 'id' ? said.trim() : said.trim().toLowerCase()];
  if (kind === 'email') forms.push(withDomain(normal, (domain) => domainToUnicode(domain) || domain));
  return [...new Set(forms)].filter((form) => form !== normal);
};
