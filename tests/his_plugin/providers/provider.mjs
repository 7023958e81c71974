// An OpenID provider of the kind hospitals run, and a SMART authorization server with
// a little FHIR beside it: node provider.mjs MODULES PORT BACK_TO_OIDC BACK_TO_SMART
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, port, backToOidc, backToSmart] = process.argv.slice(2);
const { Provider, errors } = await import(
  pathToFileURL(join(modules, 'oidc-provider', 'lib', 'index.js'))
);
const base = `http://127.0.0.1:${port}`;
const fhir = `${base}/fhir`;
const LAUNCH = 'launch-of-the-his';
const STAFF = 'urn:hospital:staff';
// Who may log in: the account is no staff number, so the claim must be used.
const PEOPLE = { luo: '1188', wang: '4711' };

const only = (expected, name) => (ctx, value) => {
  if (value !== undefined && value !== expected) {
    throw new errors.InvalidRequest(`${name} is not what was launched`);
  }
};
const client = (id, back) => ({
  client_id: id, client_secret: `${id}-secret`, redirect_uris: [back],
  grant_types: ['authorization_code'], response_types: ['code'],
});
const provider = new Provider(base, {
  clients: [client('yiwu', backToOidc), client('yiwu-smart', backToSmart)],
  pkce: { required: () => true },
  scopes: ['openid', 'profile', 'launch', 'fhirUser', 'user/Practitioner.rs'],
  claims: { openid: ['sub'], profile: ['employee_no'], fhirUser: ['fhirUser'] },
  conformIdTokenClaims: false,
  extraParams: { launch: only(LAUNCH, 'launch'), aud: only(fhir, 'aud') },
  findAccount: (ctx, id) => PEOPLE[id] && {
    accountId: id,
    claims: () => ({
      sub: id, employee_no: PEOPLE[id], fhirUser: `${fhir}/Practitioner/${id}`,
    }),
  },
});

const json = (ctx, body) => { ctx.type = 'application/json'; ctx.body = body; };

provider.use(async (ctx, next) => {
  if (ctx.path === '/fhir/.well-known/smart-configuration') {
    return json(ctx, {
      issuer: base, jwks_uri: `${base}/jwks`,
      authorization_endpoint: `${base}/auth`, token_endpoint: `${base}/token`,
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: ['S256'],
      capabilities: ['launch-ehr', 'client-confidential-symmetric', 'sso-openid-connect',
        'context-ehr-patient', 'context-ehr-encounter', 'permission-user', 'permission-v2'],
    });
  }
  if (ctx.path.startsWith('/fhir/Practitioner/')) {
    const token = (ctx.get('authorization').match(/^Bearer (.+)$/) || [])[1];
    if (!token || !await provider.AccessToken.find(token)) { ctx.status = 401; return; }
    const id = ctx.path.split('/').pop();
    return json(ctx, {
      resourceType: 'Practitioner', id, name: [{ text: '罗景文' }],
      identifier: [
        { system: 'urn:hospital:card', value: '900001' },
        { system: STAFF, value: PEOPLE[id] },
      ],
    });
  }
  await next();
  const isSmart = ctx.path === '/token' && ctx.oidc?.client?.clientId === 'yiwu-smart';
  if (isSmart && ctx.status === 200) {
    ctx.body = { ...ctx.body, patient: 'P0001', encounter: 'V0001', need_patient_banner: true };
  }
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
