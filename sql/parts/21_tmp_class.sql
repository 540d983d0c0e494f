-- Stands in for 21_lexicon.sql until that is there.

CREATE TABLE brim.intent_class (
    class text PRIMARY KEY,
    polarity smallint NOT NULL CHECK (polarity BETWEEN -1 AND 1),
    description text NOT NULL
);
COMMENT ON TABLE brim.intent_class IS 'One row a class of events. Key: class';
INSERT INTO brim.intent_class (class, polarity, description) VALUES
('funding', 1, 'raises money: a round, a grant, a credit line for growth'),
('ipo', 1, 'goes public or files for it'),
('expansion', 1, 'opens or builds an office, plant, store or warehouse, adds capacity, moves into larger space'),
('new_market', 1, 'enters a new country, region or customer segment'),
('acquisition', 1, 'buys another company or a stake in one'),
('partnership', 1, 'partners, allies, forms a joint venture, agrees on an integration'),
('product_launch', 1, 'launches, unveils or releases a product or service'),
('customer_win', 1, 'signs a customer, wins a contract, tender or order'),
('revenue_growth', 1, 'record or growing revenue, profit or bookings'),
('leadership_hire', 1, 'appoints, names or hires an executive or board member'),
('mass_hiring', 1, 'plans to hire many people'),
('acquired', 0, 'is bought by another company or agrees to be'),
('layoffs', -1, 'cuts jobs, lets staff go'),
('cost_cutting', -1, 'saves, cuts spending, freezes hiring'),
('restructuring', -1, 'reorganises, has a turnaround plan, exits a unit'),
('office_closure', -1, 'closes an office, plant, store or branch'),
('legal_trouble', -1, 'is sued, investigated or fined, settles a suit'),
('data_breach', -1, 'a breach, hack, leak or ransomware'),
('bankruptcy', -1, 'files for insolvency, defaults'),
('delisting', -1, 'is taken off the exchange or warned of it'),
('leadership_departure', -1, 'an executive resigns, steps down or is fired'),
('revenue_decline', -1, 'falling revenue or profit, a profit warning'),
('product_recall', -1, 'recalls, pulls or discontinues a product'),
('hiring_operations', 1, 'a job post for operations'),
('hiring_automation', 1, 'a job post for automation, workflows, integrations'),
('hiring_sales', 1, 'a job post for sales'),
('hiring_engineering', 1, 'a job post for software, data or platform engineering'),
('hiring_finance', 1, 'a job post for finance or accounting'),
('hiring_marketing', 1, 'a job post for marketing or growth');
