import { expect, test } from 'vitest';
import { ActiveUsers } from './users.ts';

const MINUTE = 60_000;

test('users are counted once in each window, and forgotten after a day', () => {
  const users = new ActiveUsers();
  users.see('a', 0);
  users.see('b', 0);
  users.see('a', 58 * MINUTE);
  expect(users.count(59 * MINUTE)).toEqual({ '5m': 1, '1h': 2, '24h': 2 });
  expect(users.count(70 * MINUTE)).toEqual({ '5m': 0, '1h': 1, '24h': 2 });
  expect(users.count(24 * 60 * MINUTE)).toEqual({ '5m': 0, '1h': 0, '24h': 1 });
});

test('a user whom a clock that ran ahead has seen is not active for longer', () => {
  const users = new ActiveUsers();
  users.see('a', 24 * 60 * MINUTE);
  users.see('b', 2 * 60 * MINUTE);
  users.see('c', MINUTE);
  expect(users.count(0)).toEqual({ '5m': 1, '1h': 1, '24h': 2 });
});

test('no more users are kept than the capacity', () => {
  const users = new ActiveUsers();
  for (let index = 0; index < 60_000; index++) users.see(`user ${index}`, index);
  expect(users.count(60_000)['24h']).toBe(50_000);
});

test('users with ids of any length are told apart', () => {
  const users = new ActiveUsers();
  for (const end of ['a', 'b', 'a']) users.see(`${'x'.repeat(100_000)}${end}`, 0);
  expect(users.count(MINUTE)['5m']).toBe(2);
});
