import { expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';
import { Occurrences, type Sighting } from './occurrences.ts';

const kin = (side: string, atMs = 0): Sighting['kin'] => ({ keys: ['customer 1099 usd'], side, atMs });

it('knows an occurrence by any identifier that a sighting has added', () => {
  const purchases = new Occurrences(100, 1000);
  expect(purchases.see({ ids: ['session', 'intent'] }).isNew).toBe(true);
  expect(purchases.see({ ids: ['intent', 'charge'] }).isNew).toBe(false);
  expect(purchases.see({ ids: ['charge'] }).isNew).toBe(false);
  expect(purchases.see({ ids: ['another'] }).isNew).toBe(true);
});

it('takes sightings from different sides for one, each side once', () => {
  const purchases = new Occurrences(100, 1000);
  const isNew = (id: string, side: string) => purchases.see({ ids: [id], kin: kin(side) }).isNew;
  expect([isNew('intent 1', 'intent'), isNew('intent 2', 'intent')]).toEqual([true, true]);
  expect([isNew('invoice 1', 'invoice'), isNew('invoice 2', 'invoice'), isNew('invoice 3', 'invoice')]).toEqual([false, false, true]);
});

it('takes sightings that lie far apart for two', () => {
  const purchases = new Occurrences(100, 1000);
  expect(purchases.see({ ids: ['intent'], kin: kin('intent', 0) }).isNew).toBe(true);
  expect(purchases.see({ ids: ['invoice'], kin: kin('invoice', 1001) }).isNew).toBe(true);
});

it('forgets what was not used for the longest time', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('one', 1);
  map.set('two', 2);
  expect(map.get('one')).toBe(1);
  map.set('three', 3);
  expect([map.get('one'), map.get('two'), map.get('three')]).toEqual([1, undefined, 3]);
});

it('holds no more than it is told to', () => {
  const purchases = new Occurrences(10, 1000);
  for (let index = 0; index < 1000; index++) purchases.see({ ids: [`purchase ${index}`], kin: kin('intent', index) });
  expect(purchases.find(['purchase 999'])).toBeDefined();
  expect(purchases.find(['purchase 0'])).toBeUndefined();
});
