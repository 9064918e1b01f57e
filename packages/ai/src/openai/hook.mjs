/** Hooks this package into a process that a test starts: `node --import ./hook.mjs application.mjs`. */
import { installHook } from '@tallyman/core';
import { adapters } from '../index.ts';

installHook(adapters);
