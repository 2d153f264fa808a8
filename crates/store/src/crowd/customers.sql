-- Customers with the numbers from $1 to $2, drawn by their numbers: the same each time.
insert into customer (id, seen_at, key, traits, name, devices, ledger)
select encode(substring(sha256('customer'::bytea || '\x0d00000000000000'::bytea || convert_to(key, 'UTF8')) for 16), 'hex')::uuid,
       timestamptz '2025-11-01 00:00Z' + n % 31536000 * interval '1 second', key,
       jsonb_strip_nulls(jsonb_build_object(
           'email', f.plain || '.' || l.plain || n % 100003 || '@' || (array['shop.example', 'mail.example', 'post.example'])[1 + n % 3],
           'first_name', f.written, 'last_name', initcap(l.plain), 'phone', '+336' || lpad((n * 7919 % 100000000)::text, 8, '0'),
           'push_token', case when n % 5 < 2 then md5('t' || n) || md5('u' || n) end,
           'country', 'FR', 'loyalty', n % 4, 'newsletter', n % 2 = 0)),
       f.plain || ' ' || l.plain,
       case when n % 5 < 2 then array_to_tsvector(array[md5('t' || n)]) end,
       '\x80'
from (select n, 'user-' || lpad(n::text, 8, '0') as key,
             hashint8extended(n, 1) & 9223372036854775807 as a, hashint8extended(n, 2) & 9223372036854775807 as b
      from generate_series($1::bigint, $2::bigint) n) d
-- The first of them are the most frequent, as names are.
cross join lateral (select 1 + floor(24 * power(a % 100000 / 100000.0, 2))::int as i) i
cross join lateral (select
    (array['Marie', 'Jean', 'Léa', 'Lucas', 'Chloé', 'Hugo', 'Manon', 'Louis', 'Camille', 'Jules', 'Zoé', 'Adam', 'Inès', 'Raphaël',
           'Sarah', 'Léo', 'Noémie', 'Mehdi', 'Élodie', 'Théo', 'Anaïs', 'Françoise', 'Gaëlle', 'Łucja'])[i] as written,
    (array['marie', 'jean', 'lea', 'lucas', 'chloe', 'hugo', 'manon', 'louis', 'camille', 'jules', 'zoe', 'adam', 'ines', 'raphael',
           'sarah', 'leo', 'noemie', 'mehdi', 'elodie', 'theo', 'anais', 'francoise', 'gaelle', 'lucja'])[i] as plain) f
cross join lateral (select
    (array['mar', 'ber', 'du', 'mo', 'lau', 'si', 'mi', 'le', 'ga', 'da', 'ro', 'vin', 'fou', 'gi', 'an', 'mer', 'bon', 'fran', 'per', 'cle'])[1 + b % 20]
    || (array['tin', 'nard', 'bois', 'reau', 'rent', 'mon', 'chel', 'fevre', 'cia', 'vid', 'bert', 'cent', 'nier', 'rard', 'dre', 'cier'])[1 + b / 20 % 16]
    || (array['', '', '', 'et', 'ot', 'in', 'eau', 'ier', 'ard', 'elle', 'on', 'aud', 'ain', 'ois', 'ert', 'and'])[1 + b / 320 % 16] as plain) l
