-- Run once by the image, on an empty volume, as the owner of the books: the other roles and Temporal's databases.
-- The workers' role may what `trading_app` may, and cannot become the owner; Temporal's cannot see the books.
\getenv worker_password WORKER_DB_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD

CREATE ROLE trading_app NOLOGIN;
CREATE ROLE trading_worker LOGIN PASSWORD :'worker_password' IN ROLE trading_app;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';

CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

REVOKE ALL ON DATABASE :"DBNAME", temporal, temporal_visibility FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO trading_app;
