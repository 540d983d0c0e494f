/*
 * The templates that come with the extension: e-mails for the time when no
 * model writes them.  Of the rows that fit a lead the nearest is taken: by
 * industry and variant, else by industry, else by variant, else the default.
 *
 * They say what is commonly true of an industry and what the campaign says of
 * its product, and claim nothing about the company that is written to.  Blanks
 * may be missing in the data, so each sentence reads well without them.  A
 * paragraph is one line; the footer with postal address and opt-out is added
 * when the e-mail is sent.
 */
INSERT INTO brim.template (is_shipped, industry, variant, subject, body) VALUES

-- Any industry

(true, '', '', 'A question about the daily work at {{company_name}}',
$$Hello {{contact_name|there}},

I am writing to you because {{product_name|our product}} may be of use to {{company_name}}.

{{product_pitch}}

I do not know how you handle this today, so I will not pretend to. If it already runs smoothly, please ignore this e-mail. If it costs your team more time than it should, I would gladly show you in a few minutes what could be different, on an example from {{industry|your industry}} that you choose.

Is this a subject at {{company_name}} at the moment?

Kind regards
{{sender_name}}$$),

(true, '', 'problem_focused', 'Who copies the data at {{company_name}}?',
$$Hello {{contact_name|there}},

In many growing companies the hard part of the work is no longer the work itself. It is what lies between the steps: data that is copied by hand from one tool to the next, approvals that wait in an inbox, a report that somebody builds again every Monday.

Nobody decided that it should be so, and it rarely appears in a plan. That is where {{product_name|our product}} comes in.

{{product_pitch}}

If one such step at {{company_name}} comes to mind while you read this, just reply with a sentence about it, and I will tell you honestly whether we can help. Which one would it be?

Kind regards
{{sender_name}}$$),

(true, '', 'roi_focused', 'Hours that {{company_name}} could get back',
$$Hello {{contact_name|there}},

A simple sum is often worth doing: take one task that repeats every week, count the people who touch it and the minutes each of them spends, and multiply by fifty. The result tends to be larger than anybody expected, and it grows with every new customer and every new colleague.

Bringing that number down is what we had in mind with {{product_name|our product}}.

{{product_pitch}}

If you name me one such task at {{company_name}}, I will go through the sum with you, and you can judge for yourself whether it pays. If it does not, I will say so. Would that be of use to you?

Kind regards
{{sender_name}}$$),

-- SaaS

(true, 'saas', '', 'How the tools work together at {{company_name}}',
$$Hello {{contact_name|there}},

Software companies tend to run on more software than anybody else: a product database, billing, a CRM, a help desk, analytics, and some scripts in between that one engineer understands. Each of them is good. The trouble is in the gaps.

This is the kind of company we had in mind with {{product_name|our product}}.

{{product_pitch}}

You know best whether this matters at {{company_name}} now or in a year. If it is now, I would be glad to go through it with you, without slides, on an example of your own choice. Who on your team looks after this today?

Kind regards
{{sender_name}}$$),

(true, 'saas', 'problem_focused', 'The scripts between the tools at {{company_name}}',
$$Hello {{contact_name|there}},

Most SaaS teams know the script that moves trial sign-ups into the CRM, the spreadsheet that matches invoices with accounts, and the one person who knows why both are as they are. It works until a field is renamed or that person is on holiday, and then customers notice before the team does.

That is the kind of work {{product_name|our product}} is about.

{{product_pitch}}

If you would like to know whether it fits, the flow that breaks most often is the best one to talk about. Which one is that at {{company_name}}: sign-up, billing, onboarding or renewals?

Kind regards
{{sender_name}}$$),

(true, 'saas', 'roi_focused', 'Engineering time at {{company_name}}',
$$Hello {{contact_name|there}},

The most expensive hours in a software company are those that engineers spend on internal plumbing: syncing accounts, mending integrations, pulling numbers for the next board meeting. None of it is on the roadmap, and all of it delays what customers pay for.

Giving back a part of these hours is what we had in mind with {{product_name|our product}}.

{{product_pitch}}

A fair test is easy to do. Choose one internal integration, count the tickets it caused last quarter, and compare that with the effort of handing it over. Shall we do this sum together for one example at {{company_name}}?

Kind regards
{{sender_name}}$$),

-- Fintech

(true, 'fintech', '', 'Growth and controls at {{company_name}}',
$$Hello {{contact_name|there}},

A financial company has to do two things at once that pull in different directions: move as fast as a young company, and be able to explain every step to an auditor. Many teams solve this with careful people and long checklists, and that holds for as long as volumes do.

For the time when the checklists get too long, there is {{product_name|our product}}.

{{product_pitch}}

Naturally you would want to know how your data is handled before anything else, and I am happy to begin with that. Is this something you are looking at for {{company_name}} this year?

Kind regards
{{sender_name}}$$),

(true, 'fintech', 'problem_focused', 'Manual checks at {{company_name}}',
$$Hello {{contact_name|there}},

Reconciliation, onboarding reviews, exception queues: in financial services the manual steps are there for good reasons, and that is what makes them so hard to shorten. So the queue grows with the number of customers, and the people who could improve the process are busy working it off.

That is the situation {{product_name|our product}} was made for.

{{product_pitch}}

The decisions are seldom the problem; the collecting, copying and chasing around them is. I would be interested to hear whether that is so with you, too. Which of your queues at {{company_name}} grows fastest?

Kind regards
{{sender_name}}$$),

(true, 'fintech', 'roi_focused', 'The cost of one more customer at {{company_name}}',
$$Hello {{contact_name|there}},

There is one figure that shows early whether operations keep up with growth in a financial company: the minutes of human work for each new customer or each thousand transactions. If it falls as you grow, margins follow. If it rises, hiring has to.

That figure is the reason for my e-mail, and for {{product_name|our product}}.

{{product_pitch}}

If you know the number for one of your processes, onboarding or reconciliation for instance, I can tell you within one conversation whether we could lower it and by which steps. And if you do not know it yet, finding out is a good start. Do you measure it at {{company_name}}?

Kind regards
{{sender_name}}$$),

-- E-commerce

(true, 'e-commerce', '', 'Behind the shop at {{company_name}}',
$$Hello {{contact_name|there}},

Customers see the shop, but the work is behind it: stock that has to be right in every channel, orders that need a second look, returns, supplier lists, product texts, and a season in which all of it comes at once.

This is the part of the business that {{product_name|our product}} is about.

{{product_pitch}}

I would rather hear how it is done at {{company_name}} than guess. If there is a step that your people sigh about every day, tell me which one, and I will tell you plainly whether we can do something about it. Is there one?

Kind regards
{{sender_name}}$$),

(true, 'e-commerce', 'problem_focused', 'Before the next busy season at {{company_name}}',
$$Hello {{contact_name|there}},

An online shop rarely breaks at the checkout. It breaks behind it: an item that is sold in one channel and still listed in another, a return that is refunded twice, an order that waits because an address looked odd. On a quiet day somebody sorts it out by hand. On the busiest day of the year nobody has time to.

These cases are why I am writing to you about {{product_name|our product}}.

{{product_pitch}}

The calm months are the right time to look at it. What gave your team at {{company_name}} the most trouble last season: stock, returns or order checks?

Kind regards
{{sender_name}}$$),

(true, 'e-commerce', 'roi_focused', 'Minutes per order at {{company_name}}',
$$Hello {{contact_name|there}},

In online retail, margin is decided by small amounts repeated many times. A minute of manual work on an order does not sound like much. Multiplied by all orders of a month it is a salary, and in the high season it is overtime.

These minutes are what {{product_name|our product}} is about.

{{product_pitch}}

It is simple to find out whether it pays for you: count how many orders a week somebody at {{company_name}} touches by hand, and why. With these two answers I can tell you what could be saved and what could not. Would you like to try that?

Kind regards
{{sender_name}}$$),

-- Healthcare

(true, 'healthcare', '', 'Less paperwork at {{company_name}}',
$$Hello {{contact_name|there}},

People who work in healthcare did not choose it for the paperwork, and yet much of the day goes there: forms, scheduling, referrals, billing codes, and the same details typed into several systems.

Giving some of that time back is the idea of {{product_name|our product}}.

{{product_pitch}}

Privacy comes first in your field, so the first question is always which data is needed at all, and which can stay where it is. I am glad to talk about that before anything else. Is administrative work a subject at {{company_name}} at present?

Kind regards
{{sender_name}}$$),

(true, 'healthcare', 'problem_focused', 'Typed twice at {{company_name}}?',
$$Hello {{contact_name|there}},

In many healthcare organisations the same details are entered again and again: once when an appointment is booked, once at the desk, once for the invoice, and once more when something does not match. Every repetition takes time from people who have little of it, and every one is a chance for an error that somebody has to find later.

These administrative steps are what {{product_name|our product}} is about.

{{product_pitch}}

I am speaking of administration only, not of clinical decisions, and I would begin with one process and as little data as possible. Which one causes the most rework at {{company_name}}?

Kind regards
{{sender_name}}$$),

(true, 'healthcare', 'roi_focused', 'More time for patients at {{company_name}}',
$$Hello {{contact_name|there}},

When staff are hard to find, the quickest way to more capacity is often to free the hours of those who are already there. Scheduling, reminders, referrals and billing take a share of every working day, and most of it follows fixed rules.

Those hours are what {{product_name|our product}} is about.

{{product_pitch}}

Whether it pays can be seen on a small scale. Choose one process, note for a week how long it takes, and compare that with how it would run afterwards. If the difference is too small, we leave it at that. Would such a comparison be useful for {{company_name}}?

Kind regards
{{sender_name}}$$),

-- Manufacturing

(true, 'manufacturing', '', 'From the order to the shop floor at {{company_name}}',
$$Hello {{contact_name|there}},

On the shop floor every movement has been thought through. The office next to it often still works with e-mails, spreadsheets and phone calls: quotes, order changes, supplier dates, quality records.

Bringing some of the order of the one into the other is the idea of {{product_name|our product}}.

{{product_pitch}}

If you are thinking about this at {{company_name}}, I would like to hear where it stands, and I am glad to answer questions by e-mail, without an appointment. What would you want to be rid of first?

Kind regards
{{sender_name}}$$),

(true, 'manufacturing', 'problem_focused', 'When a supplier date moves at {{company_name}}',
$$Hello {{contact_name|there}},

A supplier moves a delivery by three days. Somebody reads the e-mail, changes a spreadsheet, calls planning, and hopes that sales tells the customer. If one link of this chain is on holiday, a machine stands still or a customer is angry, and afterwards nobody can say where the message was lost.

Such gaps are what we had in mind with {{product_name|our product}}.

{{product_pitch}}

I would look at one kind of message first, for example changed dates or missing certificates, and go on only if that turns out well. Which message gets lost most often at {{company_name}}?

Kind regards
{{sender_name}}$$),

(true, 'manufacturing', 'roi_focused', 'Throughput of the office at {{company_name}}',
$$Hello {{contact_name|there}},

Manufacturers know the cost of a minute at every station of the line. Few know it for a quote, an order change or a complaint, although these take hours of skilled people and decide how soon the line can start.

Lowering that effort is the idea of {{product_name|our product}}.

{{product_pitch}}

I suggest treating it like any other improvement on the floor: measure one process, change one thing, measure again. If the second figure is not clearly better, there is no reason to go on. Which process would you measure first at {{company_name}}: quotes, order changes or supplier dates?

Kind regards
{{sender_name}}$$),

-- Education

(true, 'education', '', 'Behind the lessons at {{company_name}}',
$$Hello {{contact_name|there}},

Good teaching depends on a lot of work that no learner ever sees: enrolments, timetables, certificates, questions from parents or employers, reports to those who fund it all. In most teams that work falls to a few patient people.

They are the people {{product_name|our product}} was made for.

{{product_pitch}}

Terms and budgets have their own calendar, so there is no hurry. If you are planning for the next one at {{company_name}}, this is a good moment to look at it, and I can answer most questions by e-mail. Would it be of interest to you or to a colleague?

Kind regards
{{sender_name}}$$),

(true, 'education', 'problem_focused', 'The first week of term at {{company_name}}',
$$Hello {{contact_name|there}},

The first weeks of a course show where an education team loses its time: forms that come in incomplete, groups that change by the hour, access that has to be set up one by one, and the same twenty questions in a hundred e-mails. When it is over everybody is relieved, and then it comes again with the next intake.

The steps that repeat are what {{product_name|our product}} is about.

{{product_pitch}}

Of course not all of it can be made easier, and what concerns a learner personally should stay with people. Which part of the start of a course costs your team at {{company_name}} the most evenings?

Kind regards
{{sender_name}}$$),

(true, 'education', 'roi_focused', 'More learners with the same team at {{company_name}}',
$$Hello {{contact_name|there}},

In education, growth often has a ceiling that has nothing to do with teaching. Every new group brings the same administrative hours as the last one, so at some point more learners are possible only with more people in the office.

That ceiling is what we had in mind with {{product_name|our product}}.

{{product_pitch}}

You can estimate the effect before you decide anything: count the hours of administration for one group from enrolment to certificate, and mark those that follow a fixed rule. I am glad to go through the list with you. Would that be worthwhile for {{company_name}}?

Kind regards
{{sender_name}}$$);

-- A changed template is the user's, and is dumped.
CREATE FUNCTION brim.template_before_write() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
    NEW.is_shipped := false;
    RETURN NEW;
END;
$body$;
COMMENT ON FUNCTION brim.template_before_write() IS 'Takes the shipped mark off a changed template';
REVOKE EXECUTE ON FUNCTION brim.template_before_write() FROM PUBLIC;

CREATE TRIGGER template_before_write BEFORE INSERT OR UPDATE ON brim.template
    FOR EACH ROW EXECUTE FUNCTION brim.template_before_write();
