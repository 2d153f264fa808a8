# A mail as Perl's MIME::Parser sees it, as JSON. Argument: the mail.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use MIME::Parser;
use MIME::WordDecoder;
use Encode;

my $parser = MIME::Parser->new;
$parser->output_to_core(1);
$parser->tmp_to_core(1);
my $mail = $parser->parse_open($ARGV[0]);
my $head = $mail->head;
my ( @shown, @attached, @tree, %text );

sub words {
    my $value = shift // '';
    chomp $value;
    $value =~ s/\r?\n(?=\s)//g;
    return decode( 'MIME-Header', $value );
}

# RFC 2231, which this reader leaves to whoever asks: in parts, each perhaps percent-encoded.
sub name {
    my $disposition = shift->head->get('content-disposition') // '';
    $disposition =~ s/\r?\n//g;
    return $1 if $disposition =~ /filename="([^"]*)"/;
    my $whole = '';
    $whole .= $1 while $disposition =~ /filename\*(?:\d+\*?)?="?([^;"]*)"?/g;
    $whole =~ s/^utf-8'[^']*'//i;
    $whole =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return decode( 'UTF-8', $whole );
}

sub walk {
    my $part = shift;
    push @tree, $part->effective_type;
    return map { walk($_) } $part->parts if $part->is_multipart;
    my $data = encode_base64( $part->bodyhandle->as_string, '' );
    my $id   = $part->head->get('content-id');
    my $how  = $part->head->mime_attr('content-disposition') // '';
    if ($id) {
        $id =~ s/[<>\s]//g;
        push @shown, [ $id, $part->effective_type, $data ];
    }
    elsif ( $how eq 'attachment' ) {
        push @attached, [ name($part), $part->effective_type, $data ];
    }
    else {
        my $text = decode( 'UTF-8', $part->bodyhandle->as_string );
        $text =~ s/\r\n/\n/g;
        $text =~ s/\n+\z//;
        $text{ $part->effective_type } = $text;
    }
}
walk($mail);

print encode_json( {
        subject     => words( $head->get('subject') ),
        list_id     => words( $head->get('list-id') ),
        unsubscribe => words( $head->get('list-unsubscribe') ),
        post        => words( $head->get('list-unsubscribe-post') ),
        plain       => $text{'text/plain'},
        html        => $text{'text/html'},
        shown       => \@shown,
        attached    => \@attached,
        tree        => \@tree,
} );
