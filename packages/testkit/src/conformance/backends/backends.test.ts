import { describe } from 'vitest';
import { backendConformance } from './index.ts';

describe("cells, through our own provider's readers", () => backendConformance('cells'));
describe('instruments of a MeterProvider that is there at first', () => backendConformance('api'));
describe('instruments of a MeterProvider that is found after values were delivered', () => backendConformance('late'));
