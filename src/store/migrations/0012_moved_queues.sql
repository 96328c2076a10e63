-- A queue that was removed while callers may still ask for it: its name leads them to another queue.

alter table queues add column moved_to text;            -- null: the queue is in use
