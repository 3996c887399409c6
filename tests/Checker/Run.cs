namespace ExecutionManager.Checker;

/// <summary>
/// Sends every message <c>copies</c> times under its id and once more under a new one, in any order and side by side, and
/// judges until nothing is amiss or nothing new has come for too long. Then, if wished, everything is sent once more: nothing may change.
/// </summary>
internal sealed class Run(Wire wire, Sight sight, int entries, int copies, TimeSpan patience)
{
    private readonly Random random = new(1);
    private readonly List<Message> sent = [];
    private readonly List<Message> received = [];
    private readonly Dictionary<string, Play> plays = [];
    private readonly HashSet<string> pushed = [];
    private readonly List<Finding> refused = [];
    private int published;

    public string Summary => $"{plays.Count} contracts, {plays.Values.Sum(play => play.Tail)} entries in {published} messages under {sent.Count} ids, {received.Count} heard";

    public async Task<IReadOnlyList<Finding>> Check(int contracts, bool again)
    {
        await Task.WhenAll(Enumerable.Range(0, contracts).Select(_ => Assign()));
        var findings = await Judge();
        if (findings.Count > 0 || !again)
        {
            return findings;
        }

        Console.WriteLine("all is well; everything is sent again");
        // The new contract comes behind what is sent again: when it is through, so is that.
        await PublishAll([.. sent], 1);
        await Assign();
        return await Judge();
    }

    /// <summary>The same contract by the bus and by HTTP, from everybody at once.</summary>
    private async Task Assign()
    {
        var play = new Play(entries);
        plays.Add(play.ContractId, play);
        await Send(play.Birth());
        var submitted = sight.Submit(play.Document);
        await Send(play.Assignment(), play.Assignment());
        if ((await submitted).FirstOrDefault(one => (int)one is not (200 or 201)) is var code && code != 0)
        {
            refused.Add(new Finding(Fault.Inconsistent, $"{play.ContractId}: the same document again was answered with {(int)code}"));
        }
    }

    private async Task<IReadOnlyList<Finding>> Judge()
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        var (known, since) = ("", TimeProvider.System.GetTimestamp());
        while (true)
        {
            while (wire.Received.TryRead(out var message))
            {
                await Hear(message);
            }

            var findings = await Verdict.Of(plays.Values, sent, received, sight);
            findings.AddRange(refused);
            if (findings.Count == 0)
            {
                return findings;
            }

            // Patience counts from the last news.
            var news = $"{received.Count} {string.Join('\n', findings)}";
            if (news != known)
            {
                (known, since) = (news, TimeProvider.System.GetTimestamp());
            }
            else if (TimeProvider.System.GetElapsedTime(since) > patience)
            {
                return findings;
            }

            await tick.WaitForNextTickAsync();
        }
    }

    private async Task Hear(Message message)
    {
        received.Add(message);
        if (message.Body["contractId"]?.GetValue<string>() is not { } id || !plays.TryGetValue(id, out var play))
        {
            return;
        }

        if (message.Type == "RequestReport")
        {
            await Send(play.Report(Math.Max(1, message.Body["fromSeq"]!.GetValue<long>()), play.Tail, message.Body["reportId"]!.GetValue<string>()));
        }
        else if (message.Type == "PushContract")
        {
            await Send(play.Acceptance(message.Body));
            if (pushed.Add(id))
            {
                Console.WriteLine($"{id}: {play.Tail} entries go out");
                await Send([.. Enumerable.Range(1, (int)play.Tail).SelectMany(seq => new[] { play.Report(seq, seq), play.Report(seq, seq) })]);
            }
        }
    }

    private Task Send(params Message[] messages)
    {
        sent.AddRange(messages);
        return PublishAll(messages, copies);
    }

    private async Task PublishAll(Message[] messages, int times)
    {
        var all = Enumerable.Repeat(messages, times).SelectMany(one => one).ToArray();
        random.Shuffle(all);
        published += all.Length;
        await Task.WhenAll(all.Select(wire.Publish));
    }
}
