/* Starting an unsafe call and parking a run: what design.md calls claim, look, park, wake, start, commit and doubt.

   Each atomic block is one SQL statement. Between any two of them a worker may be paused for as long as it likes,
   be overtaken (its lease lapses), or die. A person edits, approves what was read a moment ago, and says of a doubt
   what the world shows. The time that matters is `fresh`: which attempt may still be entered, until its deadline and margin are over
   and no child can act any more.

   Weakened with -DNO_FENCE, -DNO_INTENT, -DNO_WOKEN, -DNO_BINDING or -DNO_CLOCK. */

#define WORKERS 2
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef LAPSES
#define LAPSES 2
#endif
#ifndef LATES
#define LATES 2
#endif

mtype = { QUEUED, RUNNING, WAITING, DONE, NONE, ASKED, READY, EXECUTING, SUCCEEDED, FAILED, IN_DOUBT }

mtype state = QUEUED, call = NONE;
byte epoch = 0, call_epoch = 0, digest = 1, approved = 0, ran = 0;
bit woken = 0, lapsed = 0, due = 0, denied = 0;
byte holder = 0;              /* the epoch of a claim whose worker lives; 0: none */
byte attempt = 0, fresh = 0; /* the attempt that may still be entered; 0: none */
byte crashes = 0, lapses = 0, lates = 0, retries = 0;
byte starting = 0;            /* the attempt that a living worker is about to enter; 0: none */

#ifdef NO_FENCE
#define MINE (state == RUNNING)
#else
#define MINE (epoch == my && state == RUNNING)
#endif

inline wake() {
  woken = 1;
  if :: state == WAITING -> state = QUEUED :: else fi
}

/* A commit that parks: with news it keeps the claim and looks again. */
inline park(with_due) {
  if
#ifndef NO_WOKEN
  :: woken -> skip
#endif
  :: else -> state = WAITING; due = with_due; holds = 0
  fi
}

proctype Worker() {
  byte my, mine, seen_digest, seen_epoch; mtype seen; bit holds = 0;

idle:
  atomic {
    holds = 0;
    if :: mine && starting == mine -> starting = 0 :: else fi;
    if :: holder == my -> holder = 0 :: else fi
  };
end_idle:
  atomic {
    (state == QUEUED || (state == RUNNING && lapsed)) ->
      epoch++; my = epoch; state = RUNNING; woken = 0; due = 0; lapsed = 0; holds = 1;
      holder = my
  }

look:
  if
  :: atomic { crashes < CRASHES -> crashes++; goto dead }
  :: atomic { MINE -> woken = 0 }
  :: atomic { !MINE -> goto idle }
  fi;
  d_step { seen = call; seen_digest = digest; seen_epoch = call_epoch };
  if
  :: seen == NONE -> atomic {
       if :: MINE && call == NONE -> call = ASKED; park(0) :: else -> goto idle fi }
  :: seen == ASKED || seen == IN_DOUBT -> atomic {
       if :: MINE -> park(0) :: else -> goto idle fi }
  :: seen == READY -> goto start
  :: seen == EXECUTING && seen_epoch == my -> goto look
  :: seen == EXECUTING && seen_epoch != my -> atomic {
       if
       :: MINE && !fresh && call == EXECUTING -> call = IN_DOUBT; park(0)
       :: MINE && (fresh || call != EXECUTING) -> park(1)
       :: !MINE -> goto idle
       fi }
  :: seen == SUCCEEDED || seen == FAILED -> atomic {
       if :: MINE -> state = DONE; holds = 0 :: else -> goto idle fi }
  fi;
  if :: holds -> goto look :: else -> goto idle fi;

start:
  atomic {
    if
#ifdef NO_BINDING
    :: MINE && call == READY ->
#else
    :: MINE && call == READY && digest == seen_digest ->
#endif
#ifndef NO_INTENT
         call = EXECUTING; call_epoch = my;
#endif
         attempt++; fresh = attempt; mine = attempt; starting = attempt
    :: MINE && (call != READY
#ifndef NO_BINDING
         || digest != seen_digest
#endif
       ) -> goto look
    :: !MINE -> goto idle
    fi
  };
  if :: atomic { crashes < CRASHES -> crashes++; goto dead } :: skip fi;

enter:
  atomic {
    if
#ifdef NO_CLOCK
    :: true ->
#else
    :: fresh == mine ->
#endif
         ran++;
         if :: starting == mine -> starting = 0 :: else fi;
         assert(ran <= 1);               /* once */
         assert(seen_digest == approved); /* what was approved */
         assert(!denied)                 /* nothing after somebody said that it did not happen */
#ifndef NO_CLOCK
    :: fresh != mine -> if                      /* too late to enter: the intent is taken back */
         :: MINE && call == EXECUTING && call_epoch == my -> call = READY; goto look
         :: else -> goto idle
         fi
#endif
    fi
  };
  if :: atomic { crashes < CRASHES -> crashes++; goto dead } :: skip fi;

  atomic {                               /* the outcome */
    if
    :: MINE ->
         assert(call != FAILED && call != IN_DOUBT); /* nobody's word is overwritten */
         call = SUCCEEDED; state = DONE
    :: else -> skip                      /* only a report */
    fi
  };
  goto idle;

dead:
  goto idle                              /* its place is taken by another process; nothing of it is left */
}

/* Leases lapse, deadlines pass, timers fire. */
proctype Time() {
end_time:
  do
  :: atomic { lapses < LAPSES && state == RUNNING && holder && !lapsed -> lapsed = 1; lapses++ }
  :: atomic { state == RUNNING && !holder && !lapsed -> lapsed = 1 }
  :: atomic { fresh && starting != fresh -> fresh = 0 }
  :: atomic { fresh && starting == fresh && lates < LATES -> fresh = 0; lates++ }
  :: atomic { state == WAITING && due && !fresh -> due = 0; state = QUEUED }
  od
}

proctype Person() {
  byte saw;
end_person:
  do
  :: call == ASKED -> saw = digest;
     atomic {
       if
#ifdef NO_BINDING
       :: call == ASKED -> call = READY; approved = saw; wake()
#else
       :: call == ASKED && digest == saw -> call = READY; approved = saw; wake()
#endif
       :: else -> skip
       fi
     }
  :: atomic { call == IN_DOUBT && ran -> call = SUCCEEDED; wake() }
  :: atomic { call == IN_DOUBT && !ran -> call = FAILED; denied = 1; wake() }
  :: atomic { call == IN_DOUBT && !ran && retries < 1 -> retries++; call = ASKED; wake() }
  od
}

/* Somebody else, who changes the arguments while they are being looked at. */
proctype Editor() {
end_editor:
  atomic { call == ASKED -> digest++ }
}

/* When nothing can move any more, the run has ended: no wake-up was lost. */
proctype Watch() {
end_watch:
  timeout -> assert(state == DONE)
}

init {
  byte n;
  atomic {
    for (n : 1 .. WORKERS) { run Worker() }
    run Time(); run Person(); run Editor(); run Watch()
  }
}
