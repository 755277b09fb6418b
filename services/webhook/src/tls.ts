/** How the webhook speaks TLS. The benches' bare server does so too, and is to load nothing else of the webhook: no imports here. */
export const TLS = {
  minVersion: 'TLSv1.2',
  // TLS 1.2 with forward secrecy and authenticated encryption only; the suites of TLS 1.3 are all of that kind.
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    // Mounted certificates may have RSA keys.
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const;
