import type { Chance } from './chance.ts';

const firstNames =
  'Ada Amir Bianca Carlos Chiara Dmitri Elif Farah Grace Hiro Ines Jonas Kofi Lena Malik Nadia Olga Pedro Quinn Rosa Sven Tomas Uma Zoe';
const lastNames =
  'Abara Becker Castro Dahl Egan Fischer Garcia Hansen Ito Jansen Kowalski Lopez Meyer Novak Okafor Park Quist Rossi Silva Tanaka Vogel Weber Young Zhang';

type Company = readonly [name: string, domain: string];

const companies: readonly [Company, ...Company[]] = [
  ['Northwind', 'northwind.example'],
  ['Initech', 'initech.example'],
  ['Umbra Labs', 'umbra.example'],
  ['Hooli', 'hooli.example'],
  ['Tyrell', 'tyrell.example'],
  ['Blue Heron', 'blueheron.example'],
  ['Kettle & Co', 'kettle.example'],
  ['Marlowe', 'marlowe.example'],
];

const roles = ['marketing', 'engineering', 'sales', 'founder', 'operations', 'design'] as const;
const teamSizes = [2, 5, 8, 12, 20, 45, 80, 250] as const;

/** A visitor, and all by which he or she may be known. */
export type Person = {
  readonly visitor: number;
  readonly name: string;
  readonly email: string;
  readonly userId: string;
  readonly company: string;
  readonly role: string;
  readonly teamSize: number;
  /** The anonymousIds of two devices. */
  readonly laptop: string;
  readonly phone: string;
};

/** So many different people; at most 576. */
export const peopleOf = (chance: Chance, count: number): readonly Person[] => {
  const names = firstNames.split(' ').flatMap((first) => lastNames.split(' ').map((last) => [first, last] as const));
  return chance
    .shuffled(names)
    .slice(0, count)
    .map(([first, last], visitor) => {
      const [company, domain] = chance.oneOf(companies);
      return {
        visitor,
        name: `${first} ${last}`,
        email: `${first}.${last}@${domain}`.toLowerCase(),
        userId: `user-${1001 + visitor}`,
        company,
        role: chance.oneOf(roles),
        teamSize: chance.oneOf(teamSizes),
        laptop: `laptop-${chance.hex(8)}`,
        phone: `phone-${chance.hex(8)}`,
      };
    });
};
