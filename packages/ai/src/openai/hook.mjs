/** Hooks this package into a process that a test starts: `node --import ./hook.mjs application.mjs`. */
import { adapters } from '@tallyman/ai';
import { installHook } from '@tallyman/core';

installHook(adapters);
