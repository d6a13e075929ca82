// A certified OpenID Connect provider (npm `oidc-provider`) for the end-to-end tests, on loopback.
//
//   node provider.mjs CLIENT_ID CLIENT_SECRET REDIRECT_URI
//
// prints its issuer on the first line. Accounts are functions of nobody; the login page asks only which.
// POST /test/keys makes new signing keys, POST /test/stop-claims keeps claims out of ID tokens.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

// The first line of the output is the issuer: what else is said goes elsewhere.
console.info = console.error;
console.warn = console.error;

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);

const ACCOUNTS = {
  officer: { preferred_username: 'veiligheid', groups: ['g-security', 'g-lunch'] },
  head: { preferred_username: 'dh-dienstverlening', groups: ['g-heads'] },
  admin: { preferred_username: 'beheer', groups: ['g-admins'] },
  stranger: { preferred_username: 'bezoeker', groups: ['g-lunch'] },
  // As Entra ID does with somebody who is in too many groups.
  overfull: {
    preferred_username: 'overal',
    _claim_names: { groups: 'src1' },
    _claim_sources: { src1: { endpoint: 'https://graph.example/groups' } },
  },
  // Another person with a name that is taken.
  namesake: { preferred_username: 'veiligheid', groups: ['g-security'] },
};

// What the officer is in can change between two logins.
const changed = {};

let claimsInToken = true;
let provider;

function newProvider(issuer) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ format: 'jwk' });
  const made = new Provider(issuer, {
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [new URL('/aanmelden', redirectUri).href],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    }],
    jwks: { keys: [{ ...key, kid: randomUUID(), use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    conformIdTokenClaims: !claimsInToken,
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ACCOUNTS[id] && {
      accountId: id,
      claims: () => ({ sub: id, ...ACCOUNTS[id], ...changed[id] }),
    },
  });
  made.on('server_error', (_, error) => console.error(error));
  return made;
}

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return new URLSearchParams(text);
}

async function interact(request, response) {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    response.end('<form method="post"><input name="account"><button>Log in</button></form>');
    return;
  }
  const { params } = await provider.interactionDetails(request, response);
  const accountId = (await body(request)).get('account');
  if (!ACCOUNTS[accountId]) {
    const refused = { error: 'access_denied', error_description: 'no such account' };
    await provider.interactionFinished(request, response, refused);
    return;
  }
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result);
}

const server = createServer(async (request, response) => {
  try {
    if (request.url.startsWith('/interaction/')) {
      await interact(request, response);
    } else if (request.url === '/test/keys') {
      provider = newProvider(provider.issuer);
      response.end('done');
    } else if (request.url === '/test/stop-claims') {
      claimsInToken = false;
      provider = newProvider(provider.issuer);
      response.end('done');
    } else if (request.url === '/test/leave-groups') {
      changed.officer = { groups: [] };
      response.end('done');
    } else {
      await provider.callback()(request, response);
    }
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end();
  }
});

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = newProvider(issuer);
  console.log(issuer);
});

// The test that started this ended, however it ended.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
