'use strict';

/** TailorJob as a CommonJS application. */
const express = require('express');
const OpenAI = require('openai');
const Stripe = require('stripe');
const { startWeb } = require('./src/start.js');

const queueLibrary = process.env.REDIS_URL ? { bullmq: require('bullmq') } : { pgBoss: require('pg-boss'), pglite: require('@electric-sql/pglite') };

startWeb({ express, OpenAI, Stripe, queueLibrary });
