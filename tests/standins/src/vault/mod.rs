//! The Vault stand-in: HTTP on port 80, its settings in MongoDB, recordings into an S3 store.
//!
//! What is public of the real one: the health route, the login's form and refusal, the routes that
//! Agents call. The names of its settings routes (`/api/providers`, `/api/accounts`,
//! `/api/integrations`) are NOT known: they are invented here and read-only, so that nothing can
//! come to depend on a way of writing that does not exist. Settings are rows in MongoDB, read at
//! each request.

mod db;
mod storage;

use crate::http::{self, Answer, Request};
use crate::jwt::{self, Sessions};
use bson::doc;
use db::{Db, Target};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::Uploads;

/// How long the real one's driver looks for a server.
const PATIENCE: Duration = Duration::from_secs(10);

struct Vault {
    db: Db,
    sessions: Sessions,
    uploads: Uploads,
    login: (String, String),
}

pub fn run(args: &[String]) -> u8 {
    if let Some(unknown) = args.first() {
        crate::out::complain(format!("unexpected argument {unknown:?}"));
        return 2;
    }
    match http::block_on(serve()) {
        Ok(code) => code,
        Err(error) => {
            crate::out::complain(error);
            1
        }
    }
}

async fn serve() -> u8 {
    tokio::select! {
        code = start() => code,
        () = crate::misbehave::told_to_stop() => 0,
    }
}

async fn start() -> u8 {
    let Some(target) = Target::from_env() else {
        crate::out::say("Error en mongo: no reachable servers");
        return 1;
    };
    let db = Db::new(target);
    if !reachable(&db).await {
        crate::out::say("Error en mongo: no reachable servers");
        return 1;
    }
    let text = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let secret: [u8; 32] = rand::random();
    let vault = Arc::new(Vault {
        db,
        sessions: Sessions::new(&secret),
        uploads: Uploads::default(),
        login: (text("KERBEROS_LOGIN_USERNAME", "root"), text("KERBEROS_LOGIN_PASSWORD", "kerberos")),
    });
    crate::misbehave::slow().await;
    let listener = match tokio::net::TcpListener::bind(("0.0.0.0", 80)).await {
        Ok(listener) => listener,
        Err(error) => {
            crate::out::say(format!("listen tcp :80: bind: {}", http::os_text(&error)));
            return 1;
        }
    };
    crate::out::say("Running Kerberos Vault on :80");
    http::serve(listener, move |request| {
        let vault = vault.clone();
        async move { vault.answer(request).await }
    })
    .await;
    0
}

/// A login that is refused ends the wait at once; a server that is not there is looked for again.
async fn reachable(db: &Db) -> bool {
    let since = Instant::now();
    loop {
        match db.run_in(doc! {"ping": 1}, "admin").await {
            Ok(_) => return db.run(doc! {"listCollections": 1, "nameOnly": true}).await.is_ok(),
            Err(error) if error.contains("Authentication failed") => return false,
            Err(_) if since.elapsed() > PATIENCE => return false,
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

impl Vault {
    async fn answer(&self, request: Request) -> Answer {
        let answer = self.route(&request).await;
        let now = jiff::Timestamp::now().strftime("%Y/%m/%d - %H:%M:%S").to_string();
        crate::out::say(format!("[GIN] {now} | {} | {:7} {:?}", answer.status, request.method, request.path));
        answer
    }

    async fn route(&self, request: &Request) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/api/health") => Answer::json(200, &json!({"status": "ok"})),
            ("GET", "/" | "/index.html" | "/login") => {
                Answer::new(200, "text/html; charset=utf-8", "<!doctype html><title>Kerberos Vault</title><h1>Kerberos Vault</h1>")
            }
            ("POST", "/api/login") => self.login(request),
            ("POST", "/api/ping") => storage::ping(&self.db, request).await,
            ("POST", "/api/devices/heartbeat") => Answer::json(200, &json!({"message": "heartbeat received"})),
            (_, path) if path.starts_with("/api/storage") => storage::route(&self.db, &self.uploads, request).await,
            ("GET", "/api/providers") => self.list(request, "providers").await,
            ("GET", "/api/accounts") => self.list(request, "accounts").await,
            ("GET", "/api/integrations") => self.list(request, "queues").await,
            _ => Answer::text(404, "404 page not found"),
        }
    }

    fn login(&self, request: &Request) -> Answer {
        match jwt::login_form(request) {
            Some(login) if login == self.login => {
                let (token, expire) = self.sessions.issue(&login.0);
                Answer::json(200, &json!({"code": 200, "token": token, "expire": expire}))
            }
            Some(_) => unauthorised("incorrect Username or Password"),
            None => unauthorised("missing Username or Password"),
        }
    }

    async fn list(&self, request: &Request, collection: &str) -> Answer {
        if let Some(refusal) = self.sessions.refusal(request) {
            return unauthorised(refusal);
        }
        match self.db.find(collection, doc! {}).await {
            Ok(found) => {
                let rows: Vec<Value> = found.into_iter().map(|row| bson::Bson::Document(row).into_relaxed_extjson()).collect();
                Answer::json(200, &json!({"data": rows}))
            }
            Err(error) => Answer::json(500, &json!({"message": error})),
        }
    }
}

fn unauthorised(words: &str) -> Answer {
    Answer::json(401, &json!({"code": 401, "message": words}))
}
