/** Hooks BullMQ, for `--import`. */
import { installHook } from '@tallyman/core';
import { adapter } from './index.ts';

installHook([adapter]);
